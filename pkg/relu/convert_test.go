package relu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
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
	says.All(t, err, "sizes … 1 … inputs … widths … outputs")
	says.Panic(t, "sizes[1] … 0 … at least 1", func() { relu.New(1, 0) })
	says.Panic(t, "x … 2 elements … 1 inputs", func() { relu.New(1, 1).Output([]float64{1, 2}) })
	require.ErrorContains(t, (&relu.Net{}).Check(), "no layer")
	require.ErrorContains(t, (&relu.Net{Layers: []relu.Layer{{}}}).Check(), "no weights")
}
