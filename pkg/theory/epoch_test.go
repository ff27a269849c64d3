package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

// The variances are those of runs: along one direction, with 24 noises that sum to 0, in epochs of 6 batches of 4.
func TestVariancesOfEpochs(t *testing.T) {
	const examples, b, m = 24, 4, 6
	rng := rand.New(rand.NewPCG(1, 12))
	noise := make([]float64, examples)
	for i := range noise {
		noise[i] = rng.NormFloat64()
	}
	floats.AddConst(-floats.Sum(noise)/examples, noise)
	factor, err := theory.VarianceFactor(examples, b, theory.WithoutReplacement)
	require.NoError(t, err)
	variance := floats.Dot(noise, noise) / examples * factor
	for _, ηλ := range []float64{0.05, 0.4, 1.5} {
		epochs := int(20 / ηλ)
		again, once := make([][]float64, m), make([][]float64, m)
		for range 4000 {
			fixed := rng.Perm(examples)
			var x, y float64
			for epoch := range epochs {
				order := rng.Perm(examples)
				for r := range m {
					if epoch == epochs-1 {
						again[r], once[r] = append(again[r], x*x), append(once[r], y*y)
					}
					x, y = (1-ηλ)*x, (1-ηλ)*y
					for j := range b {
						x -= ηλ / 2 * noise[order[r*b+j]] / b // λ = 2
						y -= ηλ / 2 * noise[fixed[r*b+j]] / b
					}
				}
			}
		}
		for r := range m {
			for _, c := range []struct {
				squares []float64
				want    float64
			}{{again[r], theory.ReshuffledVariance(ηλ/2, 2, variance, m, r)}, {once[r], theory.ShuffledOnceVariance(ηλ/2, 2, variance, m)}} {
				mean, err := stat.Mean(c.squares, 0.99999)
				require.NoError(t, err)
				require.True(t, mean.Contains(c.want), "ηλ = %v after %d steps: %v, theory %v", ηλ, r, mean, c.want)
			}
		}
	}
	require.Panics(t, func() { theory.ReshuffledVariance(0.1, 1, 1, 3, 4) })
	require.Panics(t, func() { theory.ShuffledOnceVariance(0.1, 1, 1, 0) })
	require.Zero(t, theory.ReshuffledVariance(0.1, 1, 1, 1, 1), "a batch of all has no noise")
	require.InEpsilon(t, 0.1/(2-0.1), theory.ReshuffledVariance(0.1, 1, 1, 100_000, 50_000), 1e-3, "a long epoch is as independent draws")
}

// Steps counts what Moments counts, and no rate nearby is better than the best.
func TestFewestSteps(t *testing.T) {
	r := regression(40, 60, 3)
	start := []float64{3, -2, 1}
	for _, b := range []int{1, 16} {
		s := r.sgd(t, b, theory.WithReplacement)
		first := 0.0
		for _, m := range s.Moments(func(int) float64 { return 0.1 }, start, 0) {
			first = m.Loss - s.Floor
		}
		eta, steps, err := s.FewestSteps(start, 0.01*first, 10_000)
		require.NoError(t, err)
		for _, by := range []float64{0.7, 0.9, 1.1, 1.4} {
			for k, m := range s.Moments(func(int) float64 { return by * eta }, start, int(steps)) {
				require.Greater(t, m.Loss-s.Floor, 0.01*first, "b = %d, %v times the rate, after %d of %v steps", b, by, k, steps)
			}
		}
		for k, m := range s.Moments(func(int) float64 { return eta }, start, int(steps)+1) {
			require.Equal(t, float64(k) >= steps, m.Loss-s.Floor <= 0.01*first, "after %d of %v steps", k, steps)
		}
		_, _, err = s.FewestSteps(start, 0.01*first, 1)
		require.ErrorContains(t, err, "allow more steps")
		_, steps, err = s.FewestSteps(start, 2*first, 10)
		require.NoError(t, err)
		require.Zero(t, steps, "it is there at the start")
	}
	_, _, err := r.sgd(t, 1, theory.WithReplacement).FewestSteps(start, 0, 10)
	require.ErrorContains(t, err, "must be positive")
}

// Skewed gradients: the exact cosine is that of a million draws, where the one for normal noise is far off; of many examples in a
// batch both are the same.
func TestCosineOfSkewedGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 4))
	g := mat.NewDense(50, 2, nil)
	for k := range 50 {
		x, y := rng.NormFloat64(), rng.NormFloat64()
		g.SetRow(k, []float64{x * x, x * y})
	}
	noise, err := theory.NewGradientNoise(g)
	require.NoError(t, err)
	const b = 4
	cosines := make([]float64, 200_000)
	for i := range cosines {
		mean := make([]float64, 2)
		for range b {
			floats.Add(mean, g.RawRowView(rng.IntN(50)))
		}
		cosines[i] = theory.Cosine(mean, noise.Gradient)
	}
	drawn, err := stat.Mean(cosines, 0.9999)
	require.NoError(t, err)
	exact, err := theory.BatchCosine(g, b)
	require.NoError(t, err)
	require.True(t, drawn.Contains(exact), "%v, exact %v", drawn, exact)
	normal, err := noise.Cosine(b, theory.WithReplacement)
	require.NoError(t, err)
	require.Greater(t, math.Abs(normal-exact), 10*(drawn.High-drawn.Low))
	exact, err = theory.BatchCosine(g, 2000)
	require.NoError(t, err)
	normal, err = noise.Cosine(2000, theory.WithReplacement)
	require.NoError(t, err)
	require.InDelta(t, normal, exact, 1e-3)
	_, err = theory.BatchCosine(g, 3)
	require.ErrorContains(t, err, "at least 4")
}
