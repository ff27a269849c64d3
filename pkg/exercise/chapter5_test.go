package exercise

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnitGradient(t *testing.T) {
	unit := func(leak float64, change func(dv, dw, db *float64)) func(v, w, b, x, r float64) (float64, float64, float64) {
		return func(v, w, b, x, r float64) (dv, dw, db float64) {
			z, slope := w*x+b, 1.0
			if z <= 0 {
				slope = leak
			}
			dv, dw, db = r*slope*z, r*v*slope*x, r*v*slope
			change(&dv, &dw, &db)
			return dv, dw, db
		}
	}
	require.NoError(t, UnitGradient(unit(0.1, func(_, _, _ *float64) {})))
	require.Error(t, UnitGradient(unit(0, func(_, _, _ *float64) {})), "not leaky")
	require.Error(t, UnitGradient(unit(1, func(_, _, _ *float64) {})), "linear")
	for name, change := range map[string]func(dv, dw, db *float64){
		"nothing": func(dv, dw, db *float64) { *dv, *dw, *db = 0, 0, 0 }, "sign": func(dv, dw, db *float64) { *dv, *dw, *db = -*dv, -*dw, -*db },
		"no v": func(dv, _, _ *float64) { *dv = 0 }, "swapped": func(_, dw, db *float64) { *dw, *db = *db, *dw }, "twice": func(_, _, db *float64) { *db *= 2 },
	} {
		require.Error(t, UnitGradient(unit(0.1, change)), name)
	}
	require.ErrorContains(t, UnitGradient(func(v, w, b, x, r float64) (float64, float64, float64) { return 0, 0, 0 }), "it should be (1, 1, 1)")
}

func TestWeightSpread(t *testing.T) {
	require.NoError(t, WeightSpread(func(n int, a float64) float64 { return math.Sqrt(2 / ((1 + a*a) * float64(n))) }))
	for name, wrong := range map[string]func(n int, a float64) float64{
		"1": func(int, float64) float64 { return 1 }, "He": func(n int, _ float64) float64 { return math.Sqrt(2 / float64(n)) },
		"LeCun": func(n int, _ float64) float64 { return math.Sqrt(1 / float64(n)) }, "variance": func(n int, a float64) float64 { return 2 / ((1 + a*a) * float64(n)) },
		"1 + a":    func(n int, a float64) float64 { return math.Sqrt(2 / ((1 + a) * float64(n))) },
		"negative": func(n int, a float64) float64 { return -math.Sqrt(2 / ((1 + a*a) * float64(n))) },
		"no root":  func(int, float64) float64 { return math.NaN() },
	} {
		require.Error(t, WeightSpread(wrong), name)
	}
	require.ErrorContains(t, WeightSpread(func(int, float64) float64 { return 1 }), "multiplies the mean square by 32")
}

func TestZigzag(t *testing.T) {
	fold := func(knots, weights []float64) func(x float64, layers int) float64 {
		return func(x float64, layers int) float64 {
			for range layers {
				y := 0.0
				for i, k := range knots {
					y += weights[i] * max(0, x-k)
				}
				x = y
			}
			return x
		}
	}
	thirds := []float64{0, 1. / 3, 2. / 3}
	require.NoError(t, Zigzag(fold(thirds, []float64{3, -6, 6})))
	for name, wrong := range map[string]func(x float64, layers int) float64{
		"stays": func(x float64, _ int) float64 { return x }, "tent": fold([]float64{0, 0.5}, []float64{2, -4}), "slopes for changes": fold(thirds, []float64{3, -3, 3}),
		"no way up again": fold(thirds, []float64{3, -6, 3}),
		"one layer":       func(x float64, _ int) float64 { return fold(thirds, []float64{3, -6, 6})(x, 1) },
		"nowhere":         func(float64, int) float64 { return math.NaN() },
	} {
		require.Error(t, Zigzag(wrong), name)
	}
}
