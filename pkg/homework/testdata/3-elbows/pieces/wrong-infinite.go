package task

import (
	"maps"
	"math"
	"slices"
)

// It gives a unit with w = 0 a knot at infinity.
// fails: bends that cancel, units without a weight
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	bends, slope := map[float64]float64{}, 0.0
	for i := range w {
		if w[i] < 0 {
			slope += v[i] * w[i]
		}
		bends[-b[i]/w[i]] += v[i] * math.Abs(w[i])
	}
	slopes = append(slopes, slope)
	for _, knot := range slices.Sorted(maps.Keys(bends)) {
		if bends[knot] != 0 || math.IsInf(knot, 0) {
			slope += bends[knot]
			knots, slopes = append(knots, knot), append(slopes, slope)
		}
	}
	return knots, slopes
}
