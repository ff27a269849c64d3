package relu_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// There and back, and the same outputs as problem.MLP's.
func TestConversions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	n := random(rng, 1, 5, 4, 1)
	xs, _ := problem.Lecturer().Grid(20)
	trainable := problem.MLP{Sizes: n.Sizes()}
	for _, x := range xs {
		require.InDelta(t, trainable.Output(n.Theta(), []float64{x})[0], n.At(x), 1e-14)
	}
	back, err := relu.FromTheta(n.Theta(), 1, 5, 4, 1)
	require.NoError(t, err)
	require.Equal(t, n.Theta(), back.Theta())
	back, err = relu.FromStart(n.Start())
	require.NoError(t, err)
	require.Equal(t, n.Sizes(), back.Sizes())
	require.Equal(t, n.Theta(), back.Theta())
	// What a net of the lab starts from.
	drawn, err := relu.FromStart(problem.SpreadElbows(xs)(trainable.Sizes, 3).Start())
	require.NoError(t, err)
	require.Equal(t, []int{1, 5, 4, 1}, drawn.Sizes())
	// The copies share nothing.
	clone, before := n.Clone(), n.At(0.3)
	clone.Layers[0].W.Set(0, 0, 9)
	clone.Layers[2].B[0] = 9
	require.Equal(t, before, n.At(0.3))
	// Two hidden layers of the same width by other types.
	start := map[string]any{
		"hidden01/dense/weights": tensors.FromFlatDataAndDimensions([]float32{1, 2}, 1, 2),
		"hidden01/dense/biases":  tensors.FromFlatDataAndDimensions([]float32{0.5, -1}, 2),
		"output/dense/weights":   [][]float64{{1}, {3}},
		"output/dense/biases":    []float64{7},
	}
	n, err = relu.FromStart(start)
	require.NoError(t, err)
	require.Equal(t, 7+1.5+3, n.At(1))
	for want, weights := range map[string]any{
		`start … "output/dense/weights"`:                   nil,
		"output/dense/weights … string … float64 … tensor": "one",
		"output/dense/weights … 1 … [in, out]":             []float64{1},
		"output/dense/weights … empty":                     [][]float64{},
		"layer 1 … 1 … inputs … 2":                         [][]float64{{1}},
		"layer 1 … biases … 1 … 2":                         [][]float64{{1, 2}, {3, 4}},
		"output/dense/weights … rows … 1 … 2":              [][]float64{{1}, {1, 2}},
		"output/dense/weights … Int64 … float64 … float32": tensors.FromFlatDataAndDimensions([]int64{1}, 1, 1),
		"parameter 6 … Theta … NaN":                        [][]float64{{1}, {math.NaN()}},
	} {
		start["output/dense/weights"] = weights
		_, err = relu.FromStart(start)
		says.All(t, err, want)
	}
	delete(start, "output/dense/weights")
	_, err = relu.FromStart(start)
	says.All(t, err, "start … 3 … weights … biases")
	_, err = relu.FromTheta(make([]float64, 5), 1, 2, 1)
	says.All(t, err, "theta … 5 … [1 2 1] … 7")
	_, err = relu.FromTheta(nil, 1)
	require.EqualError(t, err, "sizes has 1 elements: give the number of inputs, the widths and the number of outputs")
	require.PanicsWithError(t, "sizes[1] is 0: it must be at least 1", func() { relu.New(1, 0) })
	require.PanicsWithError(t, "x has 2 elements: the net has 1 inputs", func() { relu.New(1, 1).Output([]float64{1, 2}) })
	require.ErrorContains(t, (&relu.Net{}).Check(), "no layer")
	require.ErrorContains(t, (&relu.Net{Layers: []relu.Layer{{}}}).Check(), "no weights")
}

// SGD starts from a net made by hand, whose loss XLA finds to be what it is here, and what it has learnt is a net again.
func TestTrainFromConstructed(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
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
}
