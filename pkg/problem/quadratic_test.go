package problem_test

import (
	"math"
	"testing"

	"descent.example/pkg/problem"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// By hand: λ = 1, 9 turned by 45° is A = [5 −4; −4 5].
func TestQuadraticByHand(t *testing.T) {
	q, err := problem.NewQuadratic([]float64{1, 9}, problem.Rotation(math.Pi/4), []float64{1, 0})
	require.NoError(t, err)
	require.True(t, mat.EqualApprox(mat.NewSymDense(2, []float64{5, -4, -4, 5}), q.Hessian(nil), 1e-14))
	require.InDelta(t, 2.5, q.Value([]float64{2, 0}), 1e-14)
	require.InDeltaSlice(t, []float64{5, -4}, q.Gradient([]float64{2, 0}), 1e-14)
	require.InDeltaSlice(t, []float64{1, math.Sqrt2}, q.Start, 1e-14, "θ* + q₁ + q₂")
	require.InDelta(t, 5, q.Value(q.Start), 1e-14, "½ (λ₁ + λ₂)")
}

// What NewQuadratic was given is what gonum finds in the Hessian, and what goes out cannot change it.
func TestQuadraticEigen(t *testing.T) {
	spectrum := []float64{0.5, 1, 2, 30}
	q, err := problem.NewQuadratic(spectrum, problem.RandomBasis(4, 3), nil)
	require.NoError(t, err)
	lambda, vectors, err := problem.Eigen(q.Hessian(nil))
	require.NoError(t, err)
	require.InDeltaSlice(t, spectrum, lambda, 1e-13)
	given, basis := q.Eigen()
	require.Equal(t, spectrum, given)
	var overlap mat.Dense
	overlap.Mul(vectors.T(), basis)
	overlap.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, &overlap)
	require.True(t, mat.EqualApprox(mat.NewDiagDense(4, []float64{1, 1, 1, 1}), &overlap, 1e-13), "the same directions")

	q.Hessian(nil).SetSym(0, 0, 99)
	basis.Set(0, 0, 99)
	given[0], spectrum[0] = 99, 99
	again, err := problem.NewQuadratic([]float64{0.5, 1, 2, 30}, problem.RandomBasis(4, 3), nil)
	require.NoError(t, err)
	require.Equal(t, again, q)
}

func TestRandomBasis(t *testing.T) {
	require.True(t, mat.Equal(problem.RandomBasis(6, 1), problem.RandomBasis(6, 1)))
	require.False(t, mat.EqualApprox(problem.RandomBasis(6, 1), problem.RandomBasis(6, 2), 0.1))
	large := problem.RandomBasis(150, 1)
	large.Mul(large.T(), mat.DenseCopyOf(large))
	for i := range 150 {
		large.Set(i, i, large.At(i, i)-1)
	}
	require.Less(t, mat.Norm(large, math.Inf(1)), 1e-13, "orthonormal: 150 products of a few roundings each")
	// Uniform on the circle and its mirror image: over seeds each entry has mean 0 and mean square 1/d, and half of the
	// bases are reflections. 2,000 seeds: standard errors are 0.016, 0.008 and 0.011; the bounds are 4 of them.
	var mean, square, reflections float64
	const seeds = 2000
	for seed := range seeds {
		q := problem.RandomBasis(2, seed)
		mean += q.At(0, 0) / seeds
		square += q.At(0, 0) * q.At(0, 0) / seeds
		if mat.Det(q) < 0 {
			reflections += 1.0 / seeds
		}
	}
	require.InDelta(t, 0, mean, 0.064)
	require.InDelta(t, 0.5, square, 0.032)
	require.InDelta(t, 0.5, reflections, 0.045)
	require.PanicsWithValue(t, "RandomBasis: d is 0: it must be at least 1", func() { problem.RandomBasis(0, 1) })
}

func TestNewQuadraticRefuses(t *testing.T) {
	axes := problem.Rotation(0)
	for want, q := range map[string]struct {
		spectrum []float64
		basis    *mat.Dense
		optimum  []float64
	}{
		"spectrum is empty":                 {nil, nil, nil},
		"spectrum[1] is -1":                 {[]float64{1, -1}, axes, nil},
		"spectrum[0] is NaN":                {[]float64{math.NaN(), 1}, axes, nil},
		"spectrum[0] is +Inf":               {[]float64{math.Inf(1), 1}, axes, nil},
		"spectrum is all zeros":             {[]float64{0, 0}, axes, nil},
		"basis is 2×2: it must be 3×3":      {[]float64{1, 2, 3}, axes, nil},
		"basis is not orthonormal":          {[]float64{1, 2}, mat.NewDense(2, 2, []float64{1, 0, 0, 2}), nil},
		"its columns 0 and 0 is NaN, not 1": {[]float64{1, 2}, problem.Rotation(math.NaN()), nil},
		"optimum has 3 elements":            {[]float64{1, 2}, axes, []float64{1, 2, 3}},
		"optimum[1] is -Inf":                {[]float64{1, 2}, axes, []float64{1, math.Inf(-1)}},
	} {
		_, err := problem.NewQuadratic(q.spectrum, q.basis, q.optimum)
		require.ErrorContains(t, err, want)
	}
	q, err := problem.NewQuadratic([]float64{1, 2}, nil, nil)
	require.NoError(t, err)
	require.PanicsWithValue(t, "theta has 1 elements: it must have 2, one for each parameter", func() { q.Value([]float64{1}) })
}
