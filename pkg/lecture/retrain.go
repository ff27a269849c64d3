package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// Balanced is the same function with each unit's input and output weight equally large, |w| = |v| (claim N10). Of all the
// nets that are this function its loss is the least sharp, so that it bears the largest learning rate.
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

// Stay trains on from a net that was written down and balanced, at a small constant rate on all points, and returns the
// root mean square error on them before and after: whether descent stays where the best is (claim N6).
func Stay(ctx context.Context, backend compute.Backend, target problem.Target, net *relu.Net, eta float64, steps int) (before, after float64, trained *relu.Net, err error) {
	if err := counts("steps", steps); err != nil {
		return 0, 0, nil, err
	}
	xs, ys := target.Grid(201)
	p, err := problem.NewRegression(net.Widths(), xs, ys)
	if err != nil {
		return 0, 0, nil, err
	}
	p.DType = dtypes.Float64
	t, err := train.New(backend, p, optim.GD(), train.Record{})
	if err != nil {
		return 0, 0, nil, err
	}
	defer t.Close()
	if net, err = Balanced(net); err != nil {
		return 0, 0, nil, err
	}
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: steps, Start: net.Start()})
	if err != nil {
		return 0, 0, nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return 0, 0, nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, eta)
	}
	trained, err = relu.FromTheta(h.Final, net.Sizes()...)
	if err != nil {
		return 0, 0, nil, err
	}
	last, _, err := t.Evaluate(h.Final)
	return math.Sqrt(2 * h.Loss[0]), math.Sqrt(2 * last), trained, err
}
