package task

import (
	"maps"
	"math"
	"slices"
)

// It lists every place where a unit bends, also where the bends cancel.
// fails: bends that cancel, units without a weight
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	bends, slope := map[float64]float64{}, 0.0
	for i := range w {
		if w[i] < 0 {
			slope += v[i] * w[i]
		}
		if w[i] != 0 {
			bends[-b[i]/w[i]] += v[i] * math.Abs(w[i])
		}
	}
	slopes = append(slopes, slope)
	for _, knot := range slices.Sorted(maps.Keys(bends)) {
		slope += bends[knot]
		knots, slopes = append(knots, knot), append(slopes, slope)
	}
	return knots, slopes
}
