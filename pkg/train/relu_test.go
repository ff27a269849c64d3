package train_test

import (
	"context"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// SGD starts from a net made by hand, whose loss each backend finds to be what it is here, and what it has learnt is a net again.
func TestTrainFromConstructed(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		target := problem.Lecturer()
		made, err := relu.Uniform(target.F, 0, 1, 10)
		require.NoError(t, err)
		xs, ys := target.Sample(40, 0.05, 1)
		trainable, err := problem.NewNet(problem.MLP{Sizes: made.Sizes(), DType: dtypes.Float64}, problem.NewPoints(xs, ys))
		require.NoError(t, err)
		loss := func(n *relu.Net) float64 {
			sum := 0.0
			for i, x := range xs {
				sum += (n.At(x) - ys[i]) * (n.At(x) - ys[i])
			}
			return sum / float64(2*len(xs))
		}
		trainer, err := train.New(backend, trainable, optim.GD(), train.Record{Params: true})
		require.NoError(t, err)
		defer trainer.Close()
		h, err := trainer.Run(context.Background(), train.Config{LearningRate: 1e-3, Steps: 50, Start: made.Start()})
		require.NoError(t, err)
		require.InEpsilon(t, loss(made), h.Loss[0], 1e-9)
		learnt, err := relu.FromTheta(h.Final, made.Sizes()...)
		require.NoError(t, err)
		require.Less(t, loss(learnt), loss(made))
		require.InEpsilon(t, h.Loss[50], loss(learnt), 1e-9)
		// The first step is by the gradient that Backward gives.
		gradient := make([]float64, made.Parameters())
		for i, x := range xs {
			trace := made.Forward([]float64{x})
			g := made.Backward(trace, []float64{(trace.Output()[0] - ys[i]) / float64(len(xs))})
			for p, v := range g.Theta() {
				gradient[p] += v
			}
		}
		for p, v := range made.Theta() {
			require.InDelta(t, v-1e-3*gradient[p], h.Params[1][p], 1e-12)
		}
		// By name, as values of the trained variables.
		start := make(map[string]any)
		for _, p := range h.Parameters {
			value, err := h.Value(p.Name)
			require.NoError(t, err)
			start[p.Name] = value
		}
		named, err := relu.FromStart(start)
		require.NoError(t, err)
		require.Equal(t, learnt.Theta(), named.Theta())
	})
}
