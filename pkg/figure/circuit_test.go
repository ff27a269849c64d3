package figure

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// elbow is v·max(0, wx + b) with w = 1.5, b = −0.5 and v = −2.
func elbow() *Circuit {
	return NewCircuit("Elbow", CircuitLayer{Weights: [][]float64{{1.5}}, Biases: []float64{-0.5}, ReLU: true},
		CircuitLayer{Weights: [][]float64{{-2}}})
}

// Every number of the circuit stands in the picture and in its words: at x = 1 the derivatives are those of the chain rule.
func TestCircuit(t *testing.T) {
	c := elbow().Values([]float64{1}, [][]float64{{1}, {-2}}, [][]float64{{1}}).
		Gradients([]float64{-3}, [][]float64{{-2}, {1}}, [][]float64{{-2}})
	svg, err := c.SVG()
	require.NoError(t, err)
	labels := textsOf(string(svg))
	for _, want := range []string{"w = 1.5", "b = −0.5", "v = −2", "x", "f(x)", "1.5", "−2", "−3", "−2", "1"} {
		require.Contains(t, labels, want)
	}
	require.Equal(t, "Elbow. Circuit, inputs: 1 (1). layer 1, unit 1: 1.5 times input 1 plus −0.5, then ReLU, gives 1, derivative −2. "+
		"layer 2, unit 1: −2 times input 1, gives −2, derivative 1.", c.Alt())
	w, h := c.Size()
	require.Greater(t, w, 5*h/2, "one row")
	png, err := c.PNG()
	require.NoError(t, err)
	require.NotEmpty(t, png)
}

// A wire has the color of the derivative's sign, and the branches of a fork show the derivatives that add up before it.
func TestCircuitShowsTheDerivatives(t *testing.T) {
	c := NewCircuit("Fork", CircuitLayer{Weights: [][]float64{{0.5, -0.25, 2}}, ReLU: true}, CircuitLayer{Weights: [][]float64{{3}, {4}, {5}}}).
		Values([]float64{1}, [][]float64{{0.5, -0.25, 2}, {11.5}}, [][]float64{{0.5, 0, 2}})
	plain, err := c.SVG()
	require.NoError(t, err)
	require.NotContains(t, string(plain), `stroke="#d55e00"`)
	c.Gradients([]float64{11.5}, [][]float64{{3, 0, 5}, {1}}, [][]float64{{3, 4, 5}})
	svg, err := c.SVG()
	require.NoError(t, err)
	labels := textsOf(string(svg))
	for _, branch := range []string{"1.5", "0", "10", "11.5"} {
		require.Contains(t, labels, branch)
	}
	require.NotContains(t, string(svg), `stroke="#d55e00"`, "no derivative is negative")
	require.Contains(t, string(svg), `stroke="#9a9a9a"`, "the unit in the middle is off")
	c.Gradients([]float64{-11.5}, [][]float64{{-3, 0, -5}, {-1}}, [][]float64{{-3, -4, -5}})
	svg, err = c.SVG()
	require.NoError(t, err)
	require.Contains(t, string(svg), `stroke="#d55e00"`)
}

// textsOf are the words of a picture's text elements.
func textsOf(svg string) (texts []string) {
	for _, part := range strings.Split(svg, "<text ")[1:] {
		_, text, _ := strings.Cut(part, ">")
		text, _, _ = strings.Cut(text, "</text>")
		texts = append(texts, text)
	}
	return texts
}

// A sum without output weights has no triangles after its ReLUs; a net of many weights is drawn in units, of which some are
// left out and counted, a wire for each weight that is not 0.
func TestCircuitForms(t *testing.T) {
	sum := NewCircuit("Sum", CircuitLayer{Weights: [][]float64{{1, -1}}, ReLU: true}, CircuitLayer{})
	svg, err := sum.SVG()
	require.NoError(t, err)
	require.NotContains(t, string(svg), "v = ")
	require.Contains(t, sum.Alt(), "layer 2, unit 1: input 1 plus input 2.")

	weights := make([][]float64, 40)
	for i := range weights {
		weights[i] = []float64{math.Cos(float64(i) + 1)}
	}
	first := [][]float64{make([]float64, 40)}
	for j := range 39 {
		first[0][j] = float64(j - 50)
	}
	wide := NewCircuit("Wide", CircuitLayer{Weights: first, ReLU: true}, CircuitLayer{Weights: weights})
	svg, err = wide.SVG()
	require.NoError(t, err)
	require.Contains(t, textsOf(string(svg)), "and 27 more")
	shown := 40 - 27
	require.Equal(t, 2*shown-1, strings.Count(string(svg), `stroke="#0072b2"`)+strings.Count(string(svg), `stroke="#d55e00"`), "one weight is 0")
	require.Contains(t, wide.Alt(), "layer 1: 40 units, weights from −50 to 0")
}

func TestCircuitErrors(t *testing.T) {
	for want, c := range map[string]*Circuit{
		"has no title":                                 NewCircuit(""),
		"has no layers":                                NewCircuit("a"),
		"the first layer must have weights":            NewCircuit("a", CircuitLayer{}),
		"layer 1 has weights for 2 inputs, but 1 come": NewCircuit("a", CircuitLayer{Weights: [][]float64{{1}}}, CircuitLayer{Weights: [][]float64{{1}, {2}}}),
		"layer 0 has 1 weights from input 1, but 2":    NewCircuit("a", CircuitLayer{Weights: [][]float64{{1, 2}, {1}}}),
		"layer 0 has 2 biases, but 1 units":            NewCircuit("a", CircuitLayer{Weights: [][]float64{{1}}, Biases: []float64{1, 2}}),
		"layer 0 has the weight NaN":                   NewCircuit("a", CircuitLayer{Weights: [][]float64{{math.NaN()}}}),
		"layer 0 has the bias +Inf":                    NewCircuit("a", CircuitLayer{Weights: [][]float64{{1}}, Biases: []float64{math.Inf(1)}}),
		"layer 0 has no weights":                       NewCircuit("a", CircuitLayer{Weights: [][]float64{{}}}),
		"gradients need the values; call Values first": elbow().Gradients([]float64{1}, [][]float64{{1}, {1}}, [][]float64{{1}}),
		"the values do not fit its sizes [1 1 1]":      elbow().Values([]float64{1}, [][]float64{{1}}, nil),
		"the gradients do not fit its sizes [1 1 1]":   elbow().Values([]float64{1}, [][]float64{{1}, {1}}, [][]float64{{1}}).Gradients(nil, nil, nil),
	} {
		_, err := c.SVG()
		require.ErrorContains(t, err, want)
		_, err = c.PNG()
		require.ErrorContains(t, err, want)
		w, h := c.Size()
		require.Zero(t, w+h)
		require.NotPanics(t, func() { c.Alt() })
	}
}
