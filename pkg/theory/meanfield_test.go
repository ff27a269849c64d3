package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/theory"
)

func TestGaussianMeansAreMoments(t *testing.T) {
	for _, variance := range []float64{0, 0.3, 4} {
		for power, moment := range map[float64]float64{0: 1, 2: variance, 4: 3 * variance * variance} {
			mean, err := theory.GaussianMean(func(z float64) float64 { return math.Pow(z, power) }, variance)
			require.NoError(t, err)
			require.InDelta(t, moment, mean, 1e-9)
		}
	}
	_, err := theory.GaussianMean(nil, 1)
	require.ErrorContains(t, err, "nil")
	_, err = theory.GaussianMean(math.Abs, math.NaN())
	require.ErrorContains(t, err, "variance")
}

// ReLU halves both mean squares, whatever the variance: with s² = 2 nothing changes.
func TestMeanFieldOfReLU(t *testing.T) {
	relu := func(z float64) float64 { return max(z, 0) }
	slope := func(z float64) float64 {
		if z > 0 {
			return 1
		}
		return 0
	}
	for _, s := range []float64{1, math.Sqrt2, 2} {
		m, err := theory.NewMeanField(relu, slope, s, 0.7, 5)
		require.NoError(t, err)
		for l := range 5 {
			require.InEpsilon(t, s*s/2, m.Factor[l], 1e-9)
			require.InEpsilon(t, 0.7*math.Pow(s*s/2, float64(l)), m.Variance[l], 1e-9)
			require.InEpsilon(t, math.Pow(s/math.Sqrt2, float64(4-l)), m.Gradient()[l], 1e-9)
		}
	}
	for _, bad := range [][2]float64{{0, 1}, {1, 0}, {math.NaN(), 1}, {1, math.NaN()}} {
		_, err := theory.NewMeanField(relu, slope, bad[0], bad[1], 3)
		require.ErrorContains(t, err, "positive")
	}
	_, err := theory.NewMeanField(relu, nil, 1, 1, 3)
	require.ErrorContains(t, err, "nil")
	_, err = theory.NewMeanField(relu, slope, 1, 1, 0)
	require.ErrorContains(t, err, "layers 0")
}

// The recursion of tanh against a random net of one wide layer.
func TestMeanFieldOfTanhAgainstARandomLayer(t *testing.T) {
	slope := func(z float64) float64 { return 1 - math.Tanh(z)*math.Tanh(z) }
	m, err := theory.NewMeanField(math.Tanh, slope, 1.5, 0.8, 2)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	const units = 200_000
	square, factor := 0., 0.
	for range units {
		z := math.Sqrt(0.8) * rng.NormFloat64()
		square += math.Tanh(z) * math.Tanh(z) / units
		factor += slope(z) * slope(z) / units
	}
	require.InEpsilon(t, 2.25*square, m.Variance[1], 0.01) // a standard error is below 0.2 %
	require.InEpsilon(t, 2.25*factor, m.Factor[0], 0.01)
}
