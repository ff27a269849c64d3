package problem_test

import (
	"math"
	"testing"

	"descent.example/pkg/problem"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// By hand: through (1, 1), (2, 2), (3, 2) and the origin, θ* = 11/14, L(θ) = (14θ² − 22θ + 9)/6.
func TestLeastSquaresByHand(t *testing.T) {
	l, err := problem.NewLeastSquares(mat.NewDense(3, 1, []float64{1, 2, 3}), []float64{1, 2, 2})
	require.NoError(t, err)
	optimum, err := l.Optimum()
	require.NoError(t, err)
	require.InDelta(t, 11.0/14, optimum[0], 1e-15)
	require.InDelta(t, 1.0/6, l.Value([]float64{1}), 1e-15)
	require.InDelta(t, 1, l.Gradient([]float64{1})[0], 1e-15)
	require.InDelta(t, 14.0/3, l.Hessian(nil).At(0, 0), 1e-15)
}

func TestLeastSquaresOptimumRefuses(t *testing.T) {
	for name, x := range map[string]*mat.Dense{
		"a column twice": mat.NewDense(3, 2, []float64{1, 2, 2, 4, 3, 6}),
		"all zeros":      mat.NewDense(3, 2, nil),
		// Equal to rounding: 0.1·3 and 0.3 differ in the last bit.
		"dependent to rounding": mat.NewDense(3, 2, []float64{1, 3, 0.1, 0.3, 0.7, 2.1}),
	} {
		l, err := problem.NewLeastSquares(x, []float64{1, 2, 3})
		require.NoError(t, err)
		_, err = l.Optimum()
		require.ErrorContains(t, err, "linearly dependent and there is no single optimum", name)
	}
	wide, err := problem.NewLeastSquares(mat.NewDense(1, 2, []float64{1, 2}), []float64{1})
	require.NoError(t, err)
	_, err = wide.Optimum()
	require.ErrorContains(t, err, "x has rank 1 but 2 features")
}

func TestNewLeastSquaresRefuses(t *testing.T) {
	x := mat.NewDense(2, 1, []float64{1, 2})
	for want, l := range map[string]struct {
		x *mat.Dense
		y []float64
	}{
		"x is empty":                        {&mat.Dense{}, nil},
		"y has 3 elements and x has 2 rows": {x, []float64{1, 2, 3}},
		"y has 0 elements and x has 2 rows": {x, nil},
		"y[1] is NaN":                       {x, []float64{1, math.NaN()}},
		"x[1, 0] is +Inf":                   {mat.NewDense(2, 1, []float64{1, math.Inf(1)}), []float64{1, 2}},
	} {
		_, err := problem.NewLeastSquares(l.x, l.y)
		require.ErrorContains(t, err, want)
	}
	_, err := problem.NewLeastSquares(nil, nil)
	require.ErrorContains(t, err, "x is empty")
	l, err := problem.NewLeastSquares(x, []float64{1, 2})
	require.NoError(t, err)
	require.Panics(t, func() { l.Gradient([]float64{1, 2}) })
}
