package task

import (
	"maps"
	"math"
	"slices"
)

// It leaves out a bend only if it is exactly 0.
// fails: bends that cancel, units without a weight
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	var slope float64
	bends := map[float64]float64{}
	for i := range w {
		slope += v[i] * math.Min(w[i], 0)
		if w[i] != 0 {
			bends[-b[i]/w[i]] += v[i] * math.Abs(w[i])
		}
	}
	slopes = append(slopes, slope)
	for _, knot := range slices.Sorted(maps.Keys(bends)) {
		if bends[knot] == 0 {
			continue
		}
		slope += bends[knot]
		knots, slopes = append(knots, knot), append(slopes, slope)
	}
	return knots, slopes
}
