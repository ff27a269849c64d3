package theory_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
)

// The cosine does not depend on the gradients' unit, down to where squares are 0; beyond where they are infinite there is none.
func TestCosineInAnyUnit(t *testing.T) {
	at := func(unit float64) *mat.Dense {
		g := mat.NewDense(4, 2, []float64{1, 2, -3, 1, 2, -2, 4, 3})
		g.Scale(unit, g)
		return g
	}
	noise, err := theory.NewGradientNoise(at(1))
	require.NoError(t, err)
	want, err := noise.Cosine(1, theory.WithReplacement)
	require.NoError(t, err)
	for _, unit := range []float64{1e-120, 1e120} {
		noise, err := theory.NewGradientNoise(at(unit))
		require.NoError(t, err)
		got, err := noise.Cosine(1, theory.WithReplacement)
		require.NoError(t, err)
		require.InDelta(t, want, got, 1e-12)
	}
	_, err = theory.NewGradientNoise(at(1e200))
	require.ErrorContains(t, err, "squares leave float64")
	noise, err = theory.NewGradientNoise(at(1e-200)) // as if there were no noise
	require.NoError(t, err)
	_, err = noise.Cosine(1, theory.WithReplacement)
	require.NoError(t, err)
}

// What would take hours or all memory is refused, or computed by a shorter way.
func TestHugeCounts(t *testing.T) {
	count, err := theory.Cover(math.MaxInt, 2)
	require.NoError(t, err)
	require.Equal(t, new(big.Int).Lsh(big.NewInt(math.MaxInt), 1), count) // 2(1 + (n−1))
	_, err = theory.Cover(math.MaxInt, math.MaxInt)
	require.ErrorContains(t, err, "labelings are counted for at most")
	_, err = theory.Cover(math.MaxInt, 1<<40)
	require.ErrorContains(t, err, "labelings are counted for at most")
	for _, n := range []int{-1, 31, 64, math.MaxInt} {
		require.ErrorContains(t, theory.Labelings(n, func([]bool) error { return nil }), "labelings are listed for 0 to 30 points")
	}
	bound, err := theory.VCBound(1<<20, 1<<20)
	require.NoError(t, err)
	require.Greater(t, bound, 1<<40)
	_, err = theory.VCBound(math.MaxInt, math.MaxInt)
	require.ErrorContains(t, err, "more than 2^50 weights")
	identity := mat.NewDiagDense(2000, nil)
	for i := range 2000 {
		identity.SetDiag(i, 1)
	}
	_, err = theory.AdditiveSGD(identity, identity, make([]float64, 2000))
	require.ErrorContains(t, err, "solving SGD of 2000 curvatures would take ")
}

// A count of steps does not depend on how far away the start is, nor an angle on the vectors' lengths.
func TestStepsAndAnglesInAnyUnit(t *testing.T) {
	p, err := problem.NewQuadratic([]float64{1, 4}, nil, nil)
	require.NoError(t, err)
	d, err := theory.NewDescent(p)
	require.NoError(t, err)
	want, err := d.Steps(0.1, []float64{3, 1}, 1e-3)
	require.NoError(t, err)
	require.Positive(t, want)
	cosine := theory.Cosine([]float64{1, 2}, []float64{2, 1})
	for _, exponent := range []int{-700, -520, 520, 700} {
		unit := math.Ldexp(1, exponent)
		got, err := d.Steps(0.1, []float64{3 * unit, unit}, 1e-3)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, cosine, theory.Cosine([]float64{unit, 2 * unit}, []float64{2 / unit, 1 / unit}))
	}
	require.True(t, math.IsNaN(theory.Cosine([]float64{0, 0}, []float64{2, 1})))
	var none *problem.Quadratic
	_, err = theory.NewDescent(none)
	require.ErrorContains(t, err, "NewDescent needs a problem")
}
