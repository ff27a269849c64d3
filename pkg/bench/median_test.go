package bench

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The ranks of the interval's ends are those of the sign test's tables, as in Conover, Practical Nonparametric Statistics.
func TestMedianRanks(t *testing.T) {
	for n, ranks := range map[int][2]int{6: {1, 6}, 8: {1, 8}, 9: {2, 8}, 10: {2, 9}, 20: {6, 15}, 40: {14, 27}} {
		values := make([]float64, n)
		for i, k := range rand.New(rand.NewPCG(1, 1)).Perm(n) {
			values[k] = float64(i + 1) // so that a value is its rank
		}
		got, err := Median(values, 0.95)
		require.NoError(t, err)
		require.Equal(t, ranks, [2]int{int(got.Low), int(got.High)}, "%d values", n)
		require.Equal(t, float64(n+1)/2, got.Value)
	}
	_, err := Median(make([]float64, 5), 0.95)
	require.ErrorContains(t, err, "too few values")
}

// The interval of 10 values misses the median in 22 of 1024 cases, whatever the distribution.
func TestMedianIntervalMissesAsOftenAsItShould(t *testing.T) {
	const trials = 20_000
	for name, c := range map[string]struct {
		draw   func(*rand.Rand) float64
		median float64
	}{
		"exponential": {func(r *rand.Rand) float64 { return r.ExpFloat64() }, math.Ln2},
		"Cauchy":      {func(r *rand.Rand) float64 { return 3 + math.Tan(math.Pi*(r.Float64()-0.5)) }, 3},
	} {
		missed := 0
		for seed := range uint64(trials) {
			random := rand.New(rand.NewPCG(seed, 5))
			values := make([]float64, 10)
			for i := range values {
				values[i] = c.draw(random)
			}
			got, err := Median(values, 0.95)
			require.NoError(t, err)
			if !got.Contains(c.median) {
				missed++
			}
		}
		p := 22.0 / 1024
		require.InDelta(t, p, float64(missed)/trials, 4.5*math.Sqrt(p*(1-p)/trials), name)
	}
}
