package problem_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

// The Hessian has the spectrum asked for, and zeros beyond it.
func TestRandomLeastSquaresSpectrum(t *testing.T) {
	for _, of := range []struct {
		n, d     int
		spectrum []float64
	}{
		{50, 3, []float64{0.01, 1, 10}}, {3, 3, []float64{1, 2, 3}}, {3, 7, []float64{0.5, 2, 4}},
		{1, 1, []float64{2}}, {9, 2, []float64{0, 1}},
	} {
		fit, truth, err := problem.RandomLeastSquares(of.n, of.d, of.spectrum, 0.1, 3)
		require.NoError(t, err)
		require.Len(t, truth, of.d)
		lambda, _, err := problem.Eigen(fit.Hessian(nil))
		require.NoError(t, err)
		want := append(make([]float64, of.d-len(of.spectrum)), of.spectrum...)
		require.InDeltaSlice(t, want, lambda, 1e-13)
	}
}

// Without noise the truth is the optimum. With it, the loss left over is noise²(n−d)/(2n) on average, and none with as
// many features as examples (claim S11).
func TestRandomLeastSquaresNoise(t *testing.T) {
	fit, truth, err := problem.RandomLeastSquares(40, 3, []float64{1, 2, 3}, 0, 1)
	require.NoError(t, err)
	optimum, err := fit.Optimum()
	require.NoError(t, err)
	require.InDeltaSlice(t, truth, optimum, 1e-13)

	left, twice := 0.0, 0.0
	const seeds = 500
	for seed := range seeds {
		fit, _, err := problem.RandomLeastSquares(10, 4, []float64{1, 2, 3, 4}, 0.5, seed)
		require.NoError(t, err)
		optimum, err := fit.Optimum()
		require.NoError(t, err)
		value := fit.Value(optimum)
		left, twice = left+value/seeds, twice+value*value/seeds
	}
	// 0.25·χ²(6)/20: mean 0.075, standard deviation 0.0433, over 500 seeds; the bound is 5 standard errors.
	require.InDelta(t, 0.075, left, 5*0.0433/math.Sqrt(seeds))
	require.InDelta(t, 0.0433, math.Sqrt(twice-left*left), 0.01)

	wide, _, err := problem.RandomLeastSquares(5, 12, []float64{1, 2, 3, 4, 5}, 0.5, 1)
	require.NoError(t, err)
	theta, err := wide.MinimumNorm()
	require.NoError(t, err)
	require.InDelta(t, 0, mat.Norm(wide.ExampleGradients(theta), 2), 1e-12, "no example pulls")
	again, _, err := problem.RandomLeastSquares(5, 12, []float64{1, 2, 3, 4, 5}, 0.5, 1)
	require.NoError(t, err)
	require.Equal(t, wide, again)
}

func TestStream(t *testing.T) {
	const n = 20000
	walk := problem.Walk(n, 2, 0.3, 7)
	require.Equal(t, []float64{0, 0}, walk.RawRowView(0))
	s, err := problem.NewStream(walk, 0.5, 8)
	require.NoError(t, err)
	var step, noise, features float64
	x, y := s.Features(), s.Targets()
	for i := 1; i < n; i++ {
		d := floats.Distance(walk.RawRowView(i), walk.RawRowView(i-1), 2)
		e := y[i] - floats.Dot(x.RawRowView(i), s.Moving.RawRowView(i))
		step, noise = step+d*d/(2*(n-1)), noise+e*e/(n-1)
		features += x.At(i, 0) * x.At(i, 0) / (n - 1)
	}
	// Mean squares of n normal numbers, relative standard error √(2/n) = 0.01; the bounds are 5 of them.
	require.InEpsilon(t, 0.09, step, 0.05)
	require.InEpsilon(t, 0.25, noise, 0.05)
	require.InEpsilon(t, 1, features, 0.05)
	require.NotEqual(t, walk.At(1, 0), 0.3*x.At(1, 0), "another seed draws")
	same, err := problem.NewStream(problem.Walk(9, 1, 1, 7), 0.5, 7)
	require.NoError(t, err)
	require.NotEqual(t, same.Moving.At(1, 0), same.Features().At(1, 0), "the walk and the features of one seed are independent")

	circle := problem.Circle(5, 2, 4)
	require.True(t, mat.EqualApprox(mat.NewDense(5, 2, []float64{2, 0, 0, 2, -2, 0, 0, -2, 2, 0}), circle, 1e-14))

	for want, make := range map[string]func() (*problem.Stream, error){
		"moving is empty":     func() (*problem.Stream, error) { return problem.NewStream(nil, 1, 1) },
		"moving[4][1] is NaN": func() (*problem.Stream, error) { circle.Set(4, 1, math.NaN()); return problem.NewStream(circle, 1, 1) },
		"noise is -1":         func() (*problem.Stream, error) { return problem.NewStream(walk, -1, 1) },
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
}

func TestRandomLeastSquaresRefuses(t *testing.T) {
	for want, of := range map[string]struct {
		n, d     int
		spectrum []float64
		noise    float64
	}{
		"n is 0 and d is 1":  {0, 1, nil, 0},
		"n is 1 and d is -1": {1, -1, nil, 0},
		"spectrum has 3 eigenvalues: 2 examples of 3 features need 2": {2, 3, []float64{1, 2, 3}, 0},
		"spectrum[1] is -1":  {2, 3, []float64{1, -1}, 0},
		"spectrum[0] is NaN": {2, 3, []float64{math.NaN(), 1}, 0},
		"noise is NaN":       {2, 3, []float64{1, 1}, math.NaN()},
	} {
		_, _, err := problem.RandomLeastSquares(of.n, of.d, of.spectrum, of.noise, 1)
		require.ErrorContains(t, err, want)
	}
}
