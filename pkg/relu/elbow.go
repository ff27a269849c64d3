package relu

import (
	"errors"
	"fmt"
	"strings"
)

// Elbow is a hidden unit of one input with its output weight, v·max(0, wx + b) (claims N3–N5, lecture figures 5–7): zero
// on one side of its knot −b/w, a line of slope v·w on the other.
type Elbow struct{ V, W, B float64 }

// At returns v·max(0, wx + b): the elbow scaled by its output weight.
func (e Elbow) At(x float64) float64 { return e.V * e.Unscaled(x) }

// Unscaled returns max(0, wx + b), which is never negative: why the sum of figure 6 cannot fall below its bias.
func (e Elbow) Unscaled(x float64) float64 { return max(0, e.W*x+e.B) }

// Knot returns −b/w, where the elbow bends; ±Inf or NaN when w is 0 and it does not.
func (e Elbow) Knot() float64 { return -e.B / e.W }

// Slope returns v·w, that of the side that is not flat: the right one if w > 0, the left one if w < 0.
func (e Elbow) Slope() float64 { return e.V * e.W }

// String names the elbow by its parameters: "w = 1.5, b = −0.5, v = −1".
func (e Elbow) String() string {
	return strings.ReplaceAll(fmt.Sprintf("w = %g, b = %g, v = %g", e.W, e.B, e.V), "-", "−")
}

// Describe says where the elbow bends and how steep it is.
func (e Elbow) Describe() string {
	words := fmt.Sprintf("the knot is at −b/w = %.3f, the slope is vw = %.3f on its side", e.Knot()+0, e.Slope()+0)
	if e.W == 0 {
		words = fmt.Sprintf("with w = 0 there is no knot, and the elbow is the constant %.3f", e.At(0)+0)
	}
	return strings.ReplaceAll(words, "-", "−")
}

// Gradient returns the derivatives of At(x) with respect to v, w and b.
func (e Elbow) Gradient(x float64) (v, w, b float64) {
	if z := e.W*x + e.B; z > 0 {
		return z, e.V * x, e.V
	}
	return 0, 0, 0
}

// Sum makes the net bias + Σᵢ elbowᵢ(x), of one input, one hidden layer and one output. It is an error when there are no
// elbows or one has a parameter that is not finite.
func Sum(elbows []Elbow, bias float64) (*Net, error) {
	if len(elbows) == 0 {
		return nil, errors.New("elbows is empty: give at least one")
	}
	n := New(1, len(elbows), 1)
	for i, e := range elbows {
		n.Layers[0].W.Set(0, i, e.W)
		n.Layers[0].B[i] = e.B
		n.Layers[1].W.Set(i, 0, e.V)
	}
	n.Layers[1].B[0] = bias
	if err := n.Check(); err != nil {
		return nil, err
	}
	return n, nil
}

// Elbows takes a net of one input, one hidden layer and one output apart: the inverse of Sum. Other nets are an error.
func (n *Net) Elbows() (elbows []Elbow, bias float64, err error) {
	if err := n.Check(); err != nil {
		return nil, 0, err
	}
	sizes := n.Sizes()
	if len(sizes) != 3 || sizes[0] != 1 || sizes[2] != 1 {
		return nil, 0, fmt.Errorf("the net's sizes are %v: only a net of one input, one hidden layer and one output is a "+
			"sum of elbows", sizes)
	}
	for i, b := range n.Layers[0].B {
		elbows = append(elbows, Elbow{V: n.Layers[1].W.At(i, 0), W: n.Layers[0].W.At(0, i), B: b})
	}
	return elbows, n.Layers[1].B[0], nil
}
