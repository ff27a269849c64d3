package lecture

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Gradients is the gradient of the loss ½(f(x) − y)² in a net's parameters, in three ways.
type Gradients struct {
	Net         *relu.Net
	Loss        float64
	Backward    []float64 // by the chain rule on the host, wire by wire
	Autodiff    []float64 // by GoMLX's autodiff, on the backend
	Differences []float64 // by central differences
}

// CompareGradients draws a net of the widths by the seed and takes the gradient at one example (claim N1).
func CompareGradients(backend compute.Backend, widths []int, x, y float64, seed int64) (*Gradients, error) {
	net, err := problem.NewRegression(widths, []float64{x}, []float64{y})
	if err != nil {
		return nil, err
	}
	net.DType = dtypes.Float64
	t, err := train.New(backend, net, optim.GD(), train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	g := new(Gradients)
	if g.Net, err = relu.FromStart(net.Start(uint64(seed), false)); err != nil {
		return nil, err
	}
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

// Off is the largest difference between two gradients.
func (g *Gradients) Off(other []float64) float64 {
	return floats.Distance(g.Backward, other, math.Inf(1))
}
