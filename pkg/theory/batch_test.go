package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/internal/says"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// batches are all that can be drawn of b from n, all equally likely.
func batches(n, b int, sampling theory.Sampling) (all [][]int) {
	var add func(batch []int)
	add = func(batch []int) {
		if len(batch) == b {
			all = append(all, append([]int{}, batch...))
			return
		}
		for i := range n {
			used := false
			for _, j := range batch {
				used = used || i == j
			}
			if !used || sampling == theory.WithReplacement {
				add(append(batch, i))
			}
		}
	}
	add(nil)
	return all
}

var samplings = []theory.Sampling{theory.WithReplacement, theory.WithoutReplacement}

func random(rng *rand.Rand, rows, columns int) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	m.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, m)
	return m
}

// Claim S2: the mean and the covariance over every batch there is.
func TestBatchIsTheEnumeration(t *testing.T) {
	gradients := random(rand.New(rand.NewPCG(1, 2)), 4, 3)
	noise, err := theory.NewGradientNoise(gradients)
	require.NoError(t, err)
	for _, sampling := range samplings {
		for b := 1; b <= 4; b++ {
			all := batches(4, b, sampling)
			means := mat.NewDense(len(all), 3, nil)
			cosine, signal := 0.0, 0.0
			for k, batch := range all {
				for _, i := range batch {
					floats.AddScaled(means.RawRowView(k), 1/float64(b), gradients.RawRowView(i))
				}
				cosine += theory.Cosine(means.RawRowView(k), noise.Gradient) / float64(len(all))
				signal += floats.Dot(means.RawRowView(k), means.RawRowView(k)) / float64(len(all))
			}
			// Over equally likely batches mean and covariance are those of NewGradientNoise.
			over, err := theory.NewGradientNoise(means)
			require.NoError(t, err)
			covariance, err := noise.Batch(b, sampling)
			require.NoError(t, err)
			require.InDeltaSlice(t, noise.Gradient, over.Gradient, 1e-15)
			require.True(t, mat.EqualApprox(over.Covariance, covariance, 1e-15), "%d of 4, %v", b, sampling)

			square := floats.Dot(noise.Gradient, noise.Gradient)
			ratio, err := noise.SignalToNoise(b, sampling)
			require.NoError(t, err)
			if b == 4 && sampling == theory.WithoutReplacement {
				require.Equal(t, math.Inf(1), ratio)
				require.InDelta(t, 1, cosine, 1e-15)
			} else {
				require.InDelta(t, square/(signal-square), ratio, 1e-12)
			}
		}
	}
}

// By hand: of the gradients 0 and 2 the mean is 1 and the variance 1; of two with replacement ½, without 0. A lone
// example has no variance at all.
func TestVarianceFactorByHand(t *testing.T) {
	for _, c := range []struct {
		n, b     int
		sampling theory.Sampling
		want     float64
	}{
		{2, 1, theory.WithReplacement, 1}, {2, 1, theory.WithoutReplacement, 1},
		{2, 2, theory.WithReplacement, 0.5}, {2, 2, theory.WithoutReplacement, 0},
		{2, 8, theory.WithReplacement, 0.125}, {1, 1, theory.WithoutReplacement, 0},
		{101, 51, theory.WithoutReplacement, 0.5 / 51},
	} {
		got, err := theory.VarianceFactor(c.n, c.b, c.sampling)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%+v", c)
	}
	for want, c := range map[string][3]int{
		"n … 0":         {0, 1, 0},
		"b … 0":         {4, 0, 0},
		"b … 5 … 1 … 4": {4, 5, 1},
		"sampling … 2 … WithReplacement … WithoutReplacement": {4, 1, 2},
	} {
		_, err := theory.VarianceFactor(c[0], c[1], theory.Sampling(c[2]))
		says.All(t, err, want)
	}
}

// A batch of an epoch that was shuffled, the first or the last, has the covariance of one drawn without replacement.
func TestEpochsBatches(t *testing.T) {
	gradients := random(rand.New(rand.NewPCG(1, 3)), 4, 2)
	noise, err := theory.NewGradientNoise(gradients)
	require.NoError(t, err)
	want, err := noise.Batch(2, theory.WithoutReplacement)
	require.NoError(t, err)
	orders := batches(4, 4, theory.WithoutReplacement)
	require.Len(t, orders, 24)
	for _, from := range []int{0, 2} {
		means := mat.NewDense(24, 2, nil)
		for k, order := range orders {
			for _, i := range order[from : from+2] {
				floats.AddScaled(means.RawRowView(k), 0.5, gradients.RawRowView(i))
			}
		}
		over, err := theory.NewGradientNoise(means)
		require.NoError(t, err)
		require.True(t, mat.EqualApprox(want, over.Covariance, 1e-15))
	}
}

// cross are gradients of mean mu and covariance diag(variances).
func cross(t *testing.T, mu, variances []float64) *theory.GradientNoise {
	d := len(mu)
	gradients := mat.NewDense(2*d, d, nil)
	for i := range 2 * d {
		gradients.SetRow(i, mu)
		sign := 1 - 2*float64(i%2)
		gradients.Set(i, i/2, mu[i/2]+sign*math.Sqrt(float64(d)*variances[i/2]))
	}
	noise, err := theory.NewGradientNoise(gradients)
	require.NoError(t, err)
	return noise
}

// Claim S4: the expected cosine where there is a closed form: in one dimension that of a sign, erf √(S/2); in two with
// the same noise in both √(πS/4) e^(−S/2) (I₀(S/2) + I₁(S/2)), S the signal-to-noise ratio; and with a noise of
// variance c only at right angles to the gradient 1 e^(1/4c) K₀(1/4c)/√(2πc). The Bessel functions are scipy.special's
// ive and k0e, 1.17.1.
func TestCosineInClosedForm(t *testing.T) {
	for _, c := range []struct {
		mu, variances []float64
		want          float64
	}{
		{[]float64{0.1}, []float64{1}, math.Erf(0.1 / math.Sqrt2)},
		{[]float64{-2}, []float64{4}, math.Erf(1 / math.Sqrt2)},
		{[]float64{5}, []float64{1}, math.Erf(5 / math.Sqrt2)},
		{[]float64{0.06, 0.08}, []float64{1, 1}, 0.06258747254545399},
		{[]float64{2, 0}, []float64{4, 4}, 0.5571794683822477},
		{[]float64{0, 3e-9}, []float64{1e-18, 1e-18}, 0.9374449251215372},
		{[]float64{1, 0}, []float64{0, 1e6}, 0.006110894231587785},
		{[]float64{1, 0}, []float64{0, 1}, 0.789639959235657},
		{[]float64{0, 10}, []float64{0.1, 0}, 0.9995011203409807},
		{[]float64{1, 2}, []float64{0, 0}, 1},
		{[]float64{0, 0}, []float64{1, 2}, 0},
	} {
		got, err := cross(t, c.mu, c.variances).Cosine(1, theory.WithReplacement)
		require.NoError(t, err)
		require.InDelta(t, c.want, got, 1e-9, "%v", c.mu)
	}
}

// It is the mean over normally distributed gradients, and nearly that over real batches of 32 of 100 skewed examples.
// Tolerances: 4.5 standard errors, and a hundredth more for the batches, which are not quite normal.
func TestCosineIsTheMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	mu, deviations := []float64{0.5, -1, 0.2}, []float64{2, 0.3, 1}
	noise := cross(t, mu, []float64{4, 0.09, 1})
	want, err := noise.Cosine(1, theory.WithReplacement)
	require.NoError(t, err)
	mean, square := 0.0, 0.0
	const draws = 200_000
	for range draws {
		g := append([]float64{}, mu...)
		for i := range g {
			g[i] += deviations[i] * rng.NormFloat64()
		}
		c := theory.Cosine(g, mu)
		mean += c / draws
		square += c * c / draws
	}
	require.InDelta(t, mean, want, 4.5*math.Sqrt((square-mean*mean)/draws))

	gradients := mat.NewDense(100, 3, nil)
	gradients.Apply(func(_, j int, _ float64) float64 { return (rng.ExpFloat64() - 0.7) * deviations[j] }, gradients)
	skewed, err := theory.NewGradientNoise(gradients)
	require.NoError(t, err)
	want, err = skewed.Cosine(32, theory.WithoutReplacement)
	require.NoError(t, err)
	require.Less(t, want, 0.98, "there is something to predict")
	mean = 0
	for range 20_000 {
		g := make([]float64, 3)
		for _, i := range rng.Perm(100)[:32] {
			floats.Add(g, gradients.RawRowView(i))
		}
		mean += theory.Cosine(g, skewed.Gradient) / 20_000
	}
	require.InDelta(t, mean, want, 0.01)
}

func TestGradientNoiseRefuses(t *testing.T) {
	_, err := theory.NewGradientNoise(nil)
	require.ErrorContains(t, err, "gradients is empty")
	_, err = theory.NewGradientNoise(mat.NewDense(2, 2, []float64{1, 2, 3, math.NaN()}))
	require.ErrorContains(t, err, "gradients[1, 1] is NaN: it must be a finite number")
	noise := cross(t, []float64{1}, []float64{1})
	_, err = noise.Batch(3, theory.WithoutReplacement)
	require.ErrorContains(t, err, "b is 3")
	_, err = noise.SignalToNoise(0, theory.WithReplacement)
	require.ErrorContains(t, err, "b is 0")
	_, err = noise.Cosine(0, theory.WithReplacement)
	require.ErrorContains(t, err, "b is 0")
	require.True(t, math.IsNaN(theory.Cosine([]float64{0}, []float64{1})))
}
