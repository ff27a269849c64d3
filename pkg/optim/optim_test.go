package optim_test

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/train"
)

// slope is L(θ) = θ. Its gradient is 1 everywhere, so that a step is the learning rate.
type slope struct{}

func (slope) Data() []*tensors.Tensor { return nil }
func (slope) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	return scope.VariableWithShape("theta", shapes.Make(dtypes.Float64)).NodeValue(g)
}

// The rate of GD is constant; that of GoMLX's StochasticGradientDescent falls as 1/√t unless told otherwise.
func TestGDIsConstant(t *testing.T) {
	chosen, err := accel.Open()
	require.NoError(t, err)
	plain, err := compute.NewWithConfig("go")
	require.NoError(t, err)
	for _, backend := range []compute.Backend{chosen, plain} {
		steps := func(rule optimizer.Interface) (taken []float64) {
			trainer, err := train.New(backend, slope{}, rule, train.Record{})
			require.NoError(t, err)
			defer trainer.Close()
			h, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.25, Steps: 100})
			require.NoError(t, err)
			for i := 1; i < len(h.Loss); i++ {
				taken = append(taken, h.Loss[i-1]-h.Loss[i])
			}
			return taken
		}
		for i, step := range steps(optim.GD()) {
			require.InDelta(t, 0.25, step, 1e-12, "step %d", i+1)
		}
		for i, step := range steps(optimizer.StochasticGradientDescent()) {
			require.InDelta(t, 0.25/math.Sqrt(float64(i+1)), step, 1e-12, "the trap, step %d", i+1)
		}
	}
}
