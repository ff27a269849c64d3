package lecture

import (
	"math"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Gradients (claim N1) is the gradient of the loss ½(f(x) − y)² in a net's parameters, in three ways.
type Gradients struct {
	Net         *relu.Net
	X, Y        float64
	Loss        float64
	Backward    []float64 // by the chain rule on the host, wire by wire
	Autodiff    []float64 // by GoMLX's autodiff, on the backend
	Differences []float64 // by central differences
}

// GradientSettings are those of CompareGradients.
type GradientSettings struct {
	Widths []int   // of the hidden layers
	X, Y   float64 // the example
	Seed   int     // of the net's parameters
}

// CompareGradients (claim N1) draws a net and takes the gradient at one example. It is an error when a width is not positive, when a
// value is not finite, and when the backend cannot compile the net.
func CompareGradients(settings GradientSettings) (*Gradients, error) {
	x, y := settings.X, settings.Y
	net, err := problem.NewNet(hidden(settings.Widths...), problem.NewPoints([]float64{x}, []float64{y}))
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "SGD", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	g := &Gradients{X: x, Y: y}
	g.Net = &relu.Net{Layers: problem.Uniform(net.Sizes, settings.Seed)}
	theta := g.Net.Theta()
	if g.Loss, g.Autodiff, err = t.Evaluate(theta); err != nil {
		return nil, err
	}
	trace := g.Net.Forward([]float64{x})
	g.Backward = g.Net.Backward(trace, []float64{trace.Output()[0] - y}).Theta()
	g.Differences = fd.Gradient(nil, func(theta []float64) float64 {
		d := net.Output(theta, []float64{x})[0] - y
		return d * d / 2
	}, theta, &fd.Settings{Formula: fd.Central, Step: 1e-5})
	return g, nil
}

// Draw (claim N1) is the net's circuit at x with the derivatives of the loss: the error f(x) − y enters at the output and goes back
// to the input.
func (g *Gradients) Draw(title string) *figure.Circuit {
	trace := g.Net.Forward([]float64{g.X})
	back := g.Net.Backward(trace, []float64{trace.Output()[0] - g.Y})
	return Circuit(title, g.Net).Values(trace.X, trace.Z, trace.H).Gradients(back.X, back.Z, back.H)
}

// Multiplications (claim N1) counts those of a pass forward and of a pass backward through a net's weights. Forward each weight
// multiplies once. Backward it multiplies twice: its input by the derivative that comes back, which is its own derivative, and itself by
// that derivative, which goes on to the layer before. It panics when the net is none, relu.Net.Check.
func Multiplications(net *relu.Net) (forward, backward int) {
	mustBeNet(net)
	for _, layer := range net.Layers {
		in, out := layer.W.Dims()
		forward, backward = forward+in*out, backward+2*in*out
	}
	return forward, backward
}

// Off (claim N1) is the largest difference between two gradients.
func (g *Gradients) Off(other []float64) float64 {
	return floats.Distance(g.Backward, other, math.Inf(1))
}
