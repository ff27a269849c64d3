package ink

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Numbers of a picture are those that strconv rounds, in the middle between two as well.
func TestNumbersAreRoundedExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, math.Copysign(0, -1), 0.05, 0.15, 0.25, -0.25, 0.95, 9.95, -0.04, -0.05, 1e9, -3e12, 0.005, 100.125, 0.0625, 1e8 + 0.05,
		math.Inf(-1), math.NaN(), math.MaxFloat64, -math.SmallestNonzeroFloat64, 1<<46 + 1.0/32}
	for range 20_000 {
		v := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(8)))
		values = append(values, v, math.Round(v*20)/20, math.Round(v*200)/200, math.Nextafter(math.Round(v*20)/20, 0))
	}
	for _, v := range values {
		for decimals := range 3 {
			want := strconv.FormatFloat(v, 'f', decimals, 64)
			if strings.Contains(want, ".") {
				want = strings.TrimRight(strings.TrimRight(want, "0"), ".")
			}
			if want == "-0" {
				want = "0"
			}
			require.Equal(t, want, num(v, decimals), "%v with %d decimals", v, decimals)
		}
	}
}
