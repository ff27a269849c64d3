// Package relu takes ReLU nets apart and builds them by hand (lecture section 2): what a net of dense layers
//
//	h₀ = x,  z_l = h_{l−1}W_l + b_l,  h_l = max(0, z_l),  f(x) = z_L
//
// computes is piecewise linear. So its knots, slopes and regions can be found exactly, and a net can be built that has the
// ones you want. Everything is float64 on the host. Start and Theta convert a net for package train, which trains problem.MLP; FromStart
// and FromTheta convert it back.
package relu

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

// Layer is a dense layer, z = hW + b.
type Layer = problem.Layer

// Net is a net of dense layers with a ReLU after each but the last. Its fields may be set directly; Check says whether
// they fit together. Where they do not, a method without an error panics with Check's sentence.
type Net struct{ Layers []Layer }

// New makes a net of the sizes given, inputs, hidden widths and outputs, with all parameters 0. It panics when there are
// fewer than two sizes, one is not positive, or the net would not fit into memory.
func New(sizes ...int) *Net {
	return &Net{problem.ZeroLayers(sizes...)}
}

// Check returns an error that says what is wrong with a net put together by hand: it must have a layer, the shapes of
// neighboring layers must fit, and all parameters must be finite.
func (n *Net) Check() error {
	if err := n.checkShapes(); err != nil {
		return err
	}
	for i, p := range n.Theta() {
		if !finite(p) {
			return fmt.Errorf("parameter %d of Theta is %v: it must be a finite number", i, p)
		}
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// checkShapes is Check without the parameters' values.
func (n *Net) checkShapes() error {
	if n == nil {
		n = new(Net)
	}
	return problem.Layers(n.Layers).Check()
}

// mustFit panics where the shapes do not fit together.
func (n *Net) mustFit() {
	if err := n.checkShapes(); err != nil {
		panic(err)
	}
}

// Sizes returns the number of inputs, the widths of the hidden layers and the number of outputs.
func (n *Net) Sizes() []int {
	n.mustFit()
	sizes := []int{n.Layers[0].W.RawMatrix().Rows}
	for _, layer := range n.Layers {
		sizes = append(sizes, len(layer.B))
	}
	return sizes
}

// Widths returns those of the hidden layers.
func (n *Net) Widths() []int {
	sizes := n.Sizes()
	return sizes[1 : len(sizes)-1]
}

// Parameters is the number of weights and biases.
func (n *Net) Parameters() int { return len(n.Theta()) }

// Clone returns a copy.
func (n *Net) Clone() *Net {
	layers, err := problem.NewLayers(n.Theta(), n.Sizes()...)
	if err != nil {
		panic(err)
	}
	return &Net{layers}
}

// Trace is every value of a forward pass: what stands at the nodes of the net's computation graph (claim N1).
type Trace struct {
	X []float64   // the input, [in]
	Z [][]float64 // before the ReLU by layer, [layers][out]; the last is the output
	H [][]float64 // after it, by hidden layer
}

// Output is f(x), [outputs]. It panics for a trace that Forward did not make.
func (t *Trace) Output() []float64 {
	if t == nil || len(t.Z) == 0 {
		panic(errors.New("the trace is empty: Forward makes one"))
	}
	return t.Z[len(t.Z)-1]
}

// Forward computes f(x), x [in], and keeps every value. It panics when x has not the net's number of inputs.
//
// A sum starts with the bias and takes its terms in order: Interpolate rests on it.
func (n *Net) Forward(x []float64) *Trace {
	return n.forward(x, func(_, _ int, z float64) bool { return z > 0 })
}

// forward is Forward for units of which active says whether they let z through.
func (n *Net) forward(x []float64, active func(layer, unit int, z float64) bool) *Trace {
	n.mustFit()
	z, h := problem.Layers(n.Layers).Forward(x, func(layer, unit int, z float64) float64 {
		if active(layer, unit, z) {
			return z
		}
		return 0
	})
	return &Trace{x, z, h}
}

// Output returns f(x), [outputs]. It panics as Forward does.
func (n *Net) Output(x []float64) []float64 { return n.Forward(x).Output() }

// At returns the first output at x, for a net of one input. It panics as Forward does.
func (n *Net) At(x float64) float64 { return n.Output([]float64{x})[0] }

// Gradient is the derivative of one number, an output or a loss, with respect to everything in the net.
type Gradient struct {
	Layers []Layer     // with respect to the parameters
	X      []float64   // to the input
	Z      [][]float64 // to the nodes of the Trace
	H      [][]float64
}

// Theta flattens the derivatives with respect to the parameters as Net.Theta does the parameters.
func (g *Gradient) Theta() []float64 { return (&Net{g.Layers}).Theta() }

// Backward propagates back ∂L/∂f, [outputs], through the pass t: for the derivative of output k that is 1 at k and 0
// elsewhere, for the loss (f−y)²/2 it is f − y. At a knot the derivative of the ReLU is 0, as problem.MLP has it. It panics
// when the pass is not this net's, or output has not its number of outputs.
func (n *Net) Backward(t *Trace, output []float64) *Gradient {
	n.mustFit()
	if len(t.Output()) != len(n.Layers[len(n.Layers)-1].B) || len(t.Z) != len(n.Layers) || len(t.X) != n.Layers[0].W.RawMatrix().Rows {
		panic(errors.New("the trace is another net's: take the trace of this net's Forward"))
	}
	if len(output) != len(t.Output()) {
		panic(fmt.Errorf("output has %d elements: the net has %d outputs", len(output), len(t.Output())))
	}
	last := len(n.Layers) - 1
	g := &Gradient{Layers: make([]Layer, last+1), Z: make([][]float64, last+1), H: make([][]float64, last)}
	dz := slices.Clone(output)
	for l := last; l >= 0; l-- {
		h := t.X
		if l > 0 {
			h = t.H[l-1]
		}
		g.Z[l], g.Layers[l] = dz, Layer{W: mat.NewDense(len(h), len(dz), nil), B: slices.Clone(dz)}
		dh := make([]float64, len(h))
		for i, v := range h {
			dw := g.Layers[l].W.RawRowView(i)
			for j, w := range n.Layers[l].W.RawRowView(i) {
				dw[j] = v * dz[j]
				dh[i] += w * dz[j]
			}
		}
		if l == 0 {
			g.X = dh
			break
		}
		g.H[l-1] = dh
		dz = slices.Clone(dh)
		for i, v := range t.H[l-1] {
			if v == 0 {
				dz[i] = 0
			}
		}
	}
	return g
}
