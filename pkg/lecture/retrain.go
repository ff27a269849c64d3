package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Balanced (claim N10) is the same function with each unit's input and output weight equally large, |w| = |v|. Of all the nets that are
// this function its loss is the least sharp, so that it bears the largest learning rate. It is an error when the net has not one
// hidden layer, one input and one output.
func Balanced(net *relu.Net) (*relu.Net, error) {
	elbows, constant, err := net.Elbows()
	if err != nil {
		return nil, err
	}
	for i, e := range elbows {
		if e.V == 0 || e.W == 0 {
			continue
		}
		a := math.Sqrt(math.Abs(e.V / e.W))
		elbows[i] = relu.Elbow{V: e.V / a, W: e.W * a, B: e.B * a}
	}
	return relu.Sum(elbows, constant)
}

// RetrainSettings are those of Retrain.
type RetrainSettings struct {
	Target problem.Target // learned from its values at 201 points
	Rate   float64        // learning rate, constant
	Steps  int            // of gradient descent on all points
}

// Retrained (claim N6) is a net after more training.
type Retrained struct {
	Net           *relu.Net
	Before, After float64 // root mean square error on the points
}

// Retrain (claim N6) balances a net that was written down and trains it on, to see whether descent stays where the best is. It is an
// error when a setting cannot be, when the net is not one that Balanced takes, and when training diverges or fails.
func Retrain(ctx context.Context, net *relu.Net, settings RetrainSettings) (*Retrained, error) {
	eta, steps := settings.Rate, settings.Steps
	if err := counts("Steps", steps); err != nil {
		return nil, err
	}
	xs, ys := settings.Target.Grid(201)
	p, err := problem.NewNet(problem.MLP{Sizes: net.Sizes(), DType: dtypes.Float64}, problem.NewPoints(xs, ys))
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(p, "SGD", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if net, err = Balanced(net); err != nil {
		return nil, err
	}
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: steps, Start: net.Start()})
	if err != nil {
		return nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, eta)
	}
	trained, err := relu.FromTheta(h.Final, net.Sizes()...)
	if err != nil {
		return nil, err
	}
	last, _, err := t.Evaluate(h.Final)
	return &Retrained{trained, math.Sqrt(2 * h.Loss[0]), math.Sqrt(2 * last)}, err
}
