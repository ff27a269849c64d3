package lecture

import (
	"math"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Gradients (claim N1) is the gradient of the loss ½(f(x) − y)² in a net's parameters, in three ways.
type Gradients struct {
	Net         *relu.Net
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
	g := new(Gradients)
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

// Off (claim N1) is the largest difference between two gradients.
func (g *Gradients) Off(other []float64) float64 {
	return floats.Distance(g.Backward, other, math.Inf(1))
}
