package task

import (
	"maps"
	"slices"
)

// It takes vw for the bend, also of units that open to the left.
// fails: one place
// fails: six places
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	bends, slope := map[float64]float64{}, 0.0
	for i := range w {
		bends[-b[i]/w[i]] += v[i] * w[i]
		if w[i] < 0 {
			slope += v[i] * w[i]
		}
	}
	slopes = []float64{slope}
	for _, knot := range slices.Sorted(maps.Keys(bends)) {
		slope += bends[knot]
		knots, slopes = append(knots, knot), append(slopes, slope)
	}
	return knots, slopes
}
