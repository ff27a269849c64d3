package lecture

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/relu"
)

// Circuit (claims N1, N5, N9) is the net's own circuit, as in lecture figures 5 to 8. What rounding has left of a zero is drawn as 0. It panics when the net
// is none, relu.Net.Check.
func Circuit(title string, net *relu.Net) *figure.Circuit {
	mustBeNet(net)
	var layers []figure.CircuitLayer
	for l, layer := range net.Layers {
		in, _ := layer.W.Dims()
		drawn := figure.CircuitLayer{Biases: withoutRests(slices.Clone(layer.B)), ReLU: l < len(net.Layers)-1}
		for i := range in {
			drawn.Weights = append(drawn.Weights, withoutRests(mat.Row(nil, i, layer.W)))
		}
		layers = append(layers, drawn)
	}
	return figure.NewCircuit(title, layers...)
}

// mustBeNet panics with a sentence.
func mustBeNet(net *relu.Net) {
	mustGive("net", net)
	if err := net.Check(); err != nil {
		panic(err)
	}
}

func withoutRests(vs []float64) []float64 {
	for i, v := range vs {
		if math.Abs(v) < 1e-13 {
			vs[i] = 0
		}
	}
	return vs
}

// CircuitAt (claim N1) is Circuit with the values at x and the derivatives of the first output. It panics when the net is none or x
// does not fit it.
func CircuitAt(title string, net *relu.Net, x ...float64) *figure.Circuit {
	mustBeNet(net)
	trace := net.Forward(x)
	output := make([]float64, len(trace.Output()))
	output[0] = 1
	g := net.Backward(trace, output)
	return Circuit(title, net).Values(trace.X, trace.Z, trace.H).Gradients(g.X, g.Z, g.H)
}

// SumCircuit (claim N4) is the circuit of a sum of elbows without output weights, as in lecture figure 6. It panics when there are
// none.
func SumCircuit(title string, elbows []relu.Elbow) *figure.Circuit {
	if len(elbows) == 0 {
		panic(errors.New("there are no elbows: give at least one"))
	}
	first := figure.CircuitLayer{Weights: [][]float64{{}}, ReLU: true}
	for _, e := range elbows {
		first.Weights[0], first.Biases = append(first.Weights[0], e.W), append(first.Biases, e.B)
	}
	return figure.NewCircuit(title, first, figure.CircuitLayer{})
}
