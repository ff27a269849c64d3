package problem_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
)

// By hand at Rosenbrock's start (−1.2, 1): L = 24.2, ∇L = (−215.6, −88), ∇²L = (1330 480; 480 200).
func TestRosenbrockByHand(t *testing.T) {
	r, err := problem.NewRosenbrock(2)
	require.NoError(t, err)
	require.InDelta(t, 24.2, r.Value(r.Start), 1e-13)
	require.InDeltaSlice(t, []float64{-215.6, -88}, r.Gradient(r.Start), 1e-12)
	require.True(t, mat.EqualApprox(mat.NewSymDense(2, []float64{1330, 480, 480, 200}), r.Hessian(r.Start), 1e-12))
	long, err := problem.NewRosenbrock(5)
	require.NoError(t, err)
	require.Equal(t, []float64{-1.2, 1, -1.2, 1, -1.2}, long.Start)
	_, err = problem.NewRosenbrock(1)
	require.ErrorContains(t, err, "d is 1: it must be at least 2")
}

func basin(loss, curvature float64, bottom ...float64) problem.Basin {
	return problem.Basin{Bottom: bottom, Curvature: curvature, Loss: loss}
}

// The minima and the barrier are where the gradient is 0, with the curvatures that make them so, and the barrier's one
// negative curvature is along the way from one to the other.
func TestTwoBasins(t *testing.T) {
	for name, basins := range map[string][2]problem.Basin{
		"line":           {basin(0.5, 1, -2), basin(0, 20, 1)},
		"plane":          {basin(0, 1, 0, 0), basin(-1, 5, 2, 3)},
		"four":           {basin(0, 3, 1, 0, 0, 1), basin(1, 2, -2, 0, 3, 1)},
		"narrow":         {basin(0.2, 1, 0), basin(0, 500, 1)},
		"high, negative": {basin(-100, 1, 30), basin(-99, 2, -3)},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := problem.NewTwoBasins(basins[0], basins[1], 0.05)
			require.NoError(t, err)
			minima, barrier := u.Minima(), u.Barrier()
			flat := 1e-13 * (basins[0].Curvature + basins[1].Curvature) * (1 + floats.Norm(barrier, 2)) / 0.05
			for k, minimum := range minima {
				require.InDelta(t, 0, floats.Norm(u.Gradient(minimum), 2), flat)
				lambda, _, err := problem.Eigen(u.Hessian(minimum))
				require.NoError(t, err)
				require.Positive(t, lambda[0])
				require.InDeltaSlice(t, basins[k].Bottom, minimum, 0.1)
				require.InDelta(t, basins[k].Loss, u.Value(minimum), 0.05)
				require.Equal(t, k, u.Basin(minimum))
				require.Equal(t, k, u.Basin(basins[k].Bottom))
			}
			require.InDelta(t, 0, floats.Norm(u.Gradient(barrier), 2), flat)
			lambda, _, err := problem.Eigen(u.Hessian(barrier))
			require.NoError(t, err)
			require.Negative(t, lambda[0])
			if len(lambda) > 1 {
				require.Positive(t, lambda[1])
			}
			require.Greater(t, u.Value(barrier), max(u.Value(minima[0]), u.Value(minima[1]))+0.05)

			better := 0
			if basins[1].Loss < basins[0].Loss {
				better = 1
			}
			optimum, err := u.Optimum()
			require.NoError(t, err)
			require.Equal(t, minima[better], optimum)
			// A little to either side of the barrier.
			for k, minimum := range minima {
				way := floats.SubTo(make([]float64, len(barrier)), minimum, barrier)
				beside := floats.AddScaledTo(make([]float64, len(barrier)), barrier, 1e-3, way)
				require.Equal(t, k, u.Basin(beside))
			}
		})
	}
}

// By symmetry: equal bowls have their barrier half-way, and neither is better. Far beyond a narrow basin within a wide
// one the way leads into the narrow one in one dimension, and around it from the side.
func TestTwoBasinsBySymmetry(t *testing.T) {
	twins, err := problem.NewTwoBasins(basin(0, 3, -1), basin(0, 3, 2), 0.2)
	require.NoError(t, err)
	require.InDelta(t, 0.5, twins.Barrier()[0], 1e-12)
	require.InDelta(t, 3*1.5*1.5/2-0.2*math.Ln2, twins.Value(twins.Barrier()), 1e-12)
	_, err = twins.Optimum()
	if twins.Value(twins.Minima()[0]) == twins.Value(twins.Minima()[1]) {
		require.ErrorContains(t, err, "equally good")
	}
	require.Equal(t, -1, twins.Basin([]float64{math.NaN()}))
	require.Equal(t, -1, twins.Basin([]float64{math.Inf(1)}))

	pit, err := problem.NewTwoBasins(basin(0, 1, 0, 0), basin(0, 50, 2, 0), 0.02)
	require.NoError(t, err)
	require.Equal(t, 1, pit.Basin([]float64{4, 0}))
	require.Equal(t, 0, pit.Basin([]float64{4, 3}))
	require.Equal(t, 0, pit.Basin([]float64{-5, 0}))
}

func TestNewTwoBasinsRefuses(t *testing.T) {
	good := basin(0, 1, 0)
	for want, of := range map[string]struct {
		first, second problem.Basin
		smoothing     float64
	}{
		"first.Bottom is empty":        {basin(0, 1), good, 1},
		"second.Bottom has 2 elements": {good, basin(0, 1, 1, 2), 1},
		"second.Bottom[0] is NaN":      {good, basin(0, 1, math.NaN()), 1},
		"first.Curvature is 0":         {basin(0, 0, 1), good, 1},
		"second.Curvature is +Inf":     {good, basin(0, math.Inf(1), 1), 1},
		"second.Loss is NaN":           {good, basin(math.NaN(), 1, 1), 1},
		"smoothing is 0":               {good, basin(0, 1, 1), 0},
		"smoothing is NaN":             {good, basin(0, 1, 1), math.NaN()},
	} {
		_, err := problem.NewTwoBasins(of.first, of.second, of.smoothing)
		require.ErrorContains(t, err, want)
	}
	for why, second := range map[string]problem.Basin{
		"hidden above the first": basin(5, 1, 1), "too near for so much smoothing": basin(0, 1, 1), "the same": good,
	} {
		_, err := problem.NewTwoBasins(good, second, 0.5)
		require.ErrorContains(t, err, "the bowls do not make two minima", why)
	}
}

// The loss over all examples is the landscape's, and the noise has the covariance asked for, also where that is
// singular.
func TestNoisy(t *testing.T) {
	bowl, err := problem.NewQuadratic([]float64{1, 9}, problem.Rotation(0.3), []float64{1, 2})
	require.NoError(t, err)
	bowl.DType = dtypes.Float64
	for _, covariance := range []*mat.SymDense{
		mat.NewSymDense(2, []float64{2, 1, 1, 3}), mat.NewSymDense(2, []float64{1, 2, 2, 4}), mat.NewSymDense(2, nil),
	} {
		noisy, err := problem.NewNoisy(bowl, covariance, 3, 5)
		require.NoError(t, err)
		require.Equal(t, []int{3, 2}, noisy.Data()[0].Shape().Dimensions)
		for _, theta := range randomPoints(2, 3) {
			require.True(t, mat.EqualApprox(covariance, problem.NoiseCovariance(noisy, theta), 1e-13))
			require.Equal(t, bowl.Value(theta), noisy.Value(theta))
		}
		again, err := problem.NewNoisy(bowl, covariance, 3, 5)
		require.NoError(t, err)
		require.Equal(t, noisy.ExampleGradients(bowl.Start), again.ExampleGradients(bowl.Start))
	}
	for want, make := range map[string]func() (*problem.Noisy, error){
		"NewNoisy needs a landscape and a covariance": func() (*problem.Noisy, error) {
			return problem.NewNoisy(nil, mat.NewSymDense(1, nil), 5, 1)
		},
		"one of them is nil": func() (*problem.Noisy, error) { return problem.NewNoisy(bowl, nil, 5, 1) },
		"covariance is of size 1: it must be 2": func() (*problem.Noisy, error) {
			return problem.NewNoisy(bowl, mat.NewSymDense(1, nil), 5, 1)
		},
		"n is 2: 2 dimensions need at least 3 examples": func() (*problem.Noisy, error) {
			return problem.NewNoisy(bowl, mat.NewSymDense(2, nil), 2, 1)
		},
		"covariance has the eigenvalue -1": func() (*problem.Noisy, error) {
			return problem.NewNoisy(bowl, mat.NewSymDense(2, []float64{1, 0, 0, -1}), 5, 1)
		},
		"covariance has the eigenvalue -2": func() (*problem.Noisy, error) {
			return problem.NewNoisy(bowl, mat.NewSymDense(2, []float64{-2, 0, 0, -1}), 5, 1)
		},
		"covariance is not finite": func() (*problem.Noisy, error) {
			return problem.NewNoisy(bowl, mat.NewSymDense(2, []float64{1, 0, 0, math.NaN()}), 5, 1)
		},
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
}

// The other minimum of four dimensions, which Shang and Qiu list.
func TestRosenbrockSecondMinimum(t *testing.T) {
	r, err := problem.NewRosenbrock(4)
	require.NoError(t, err)
	theta := []float64{-0.77565923, 0.61309337, 0.38206285, 0.14597202}
	require.InDelta(t, 3.70142860, r.Value(theta), 1e-6)
	require.InDelta(t, 0, floats.Norm(r.Gradient(theta), 2), 1e-4)
}
