package task

import (
	"math"
	"slices"
)

// It finds the places, and measures the slope to the left and to the right of each.
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	var places []float64
	for i := range w {
		if w[i] != 0 {
			places = append(places, -b[i]/w[i])
		}
	}
	slices.Sort(places)
	places = slices.Compact(places)
	slopeAt := func(x float64) (s float64) {
		for i := range w {
			if w[i]*x+b[i] > 0 {
				s += v[i] * w[i]
			}
		}
		return s
	}
	slopes = []float64{slopeAt(places[0] - 1)}
	for _, p := range places {
		left, right := slopeAt(p-1e-3), slopeAt(p+1e-3)
		if math.Abs(right-left) > 1e-9 {
			knots, slopes = append(knots, p), append(slopes, right)
		}
	}
	return knots, slopes
}
