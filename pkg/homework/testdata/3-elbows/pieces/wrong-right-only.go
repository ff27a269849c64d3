package task

import (
	"maps"
	"math"
	"slices"
)

// It takes all units for units that open to the right.
// fails: six places
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	bends := map[float64]float64{}
	for i := range w {
		if w[i] != 0 {
			bends[-b[i]/w[i]] += v[i] * w[i]
		}
	}
	slope := 0.0
	slopes = append(slopes, slope)
	for _, knot := range slices.Sorted(maps.Keys(bends)) {
		if math.Abs(bends[knot]) > 1e-9 {
			slope += bends[knot]
			knots, slopes = append(knots, knot), append(slopes, slope)
		}
	}
	return knots, slopes
}
