package train_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// A net's predictions are those of its parameters on the host, for few points and for more than one call of the program takes.
func TestPredict(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		xs, ys := problem.Lecturer().Grid(40)
		trainer := newTrainer(t, backend, must(problem.NewNet(problem.MLP{Sizes: []int{1, 5, 3, 1}}, problem.NewPoints(xs, ys))), optim.GD(), train.Record{Params: true})
		h := run(t, trainer, train.Config{LearningRate: 0.05, Steps: 30, Stride: 10})
		for _, theta := range [][]float64{h.Params[1], h.Final} {
			net := must(relu.FromTheta(theta, 1, 5, 3, 1))
			var points [][]float64
			for i := range 300 {
				points = append(points, []float64{float64(i)/150 - 1})
			}
			outputs, err := trainer.Predict(theta, points)
			require.NoError(t, err)
			f, err := trainer.Function(theta)
			require.NoError(t, err)
			for i, x := range points {
				require.InDelta(t, net.At(x[0]), outputs[i][0], 1e-5)
			}
			require.InDelta(t, net.At(0.3), f(0.3), 1e-5)
		}
		_, err := trainer.Predict(h.Final[1:], [][]float64{{1}})
		require.ErrorContains(t, err, "theta has")
		_, err = trainer.Predict(h.Final, [][]float64{{1, 2}})
		require.ErrorContains(t, err, "x[0] has 2 elements: the model takes 1")
	})
}

// A model of GoMLX's predicts too; a bowl does not.
func TestPredictOfModels(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		dense := train.Model{
			Predict: func(scope *model.Scope, in []*graph.Node) []*graph.Node {
				return []*graph.Node{layers.Dense(scope.In("dense"), in[0], true, 2)}
			},
			Error:  loss.MeanSquaredError,
			Inputs: []*tensors.Tensor{tensors.FromValue([][]float32{{1, 0}, {0, 1}})},
			Labels: []*tensors.Tensor{tensors.FromValue([][]float32{{1, 2}, {3, 4}})},
		}
		trainer := newTrainer(t, backend, dense, optim.GD(), train.Record{})
		outputs, err := trainer.Predict([]float64{0.5, -0.5, 1, 2, 3, 4}, [][]float64{{1, 0}, {0, 1}, {1, 1}}) // biases, weights
		require.NoError(t, err)
		require.Equal(t, [][]float64{{1.5, 1.5}, {3.5, 3.5}, {4.5, 5.5}}, outputs)
		_, err = trainer.Function([]float64{0.5, -0.5, 1, 2, 3, 4})
		require.Error(t, err)

		bowl := newTrainer(t, backend, must(problem.NewQuadratic([]float64{1, 10}, nil, nil)), optim.GD(), train.Record{})
		_, err = bowl.Predict([]float64{1, 2}, [][]float64{{1}})
		require.ErrorContains(t, err, "the problem has no model with one input")
	})
}
