package task

import "slices"

// It sorts the units by their knots, and walks from left to right.
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	type bend struct{ at, by float64 }
	var all []bend
	left := 0.0
	for i := range w {
		switch {
		case w[i] > 0:
			all = append(all, bend{-b[i] / w[i], v[i] * w[i]})
		case w[i] < 0:
			all = append(all, bend{-b[i] / w[i], -v[i] * w[i]})
			left += v[i] * w[i]
		}
	}
	slices.SortFunc(all, func(a, b bend) int {
		if a.at < b.at {
			return -1
		}
		if a.at > b.at {
			return 1
		}
		return 0
	})
	slopes = []float64{left}
	for i := 0; i < len(all); {
		at, by := all[i].at, 0.0
		for ; i < len(all) && all[i].at == at; i++ {
			by += all[i].by
		}
		if by > 1e-9 || by < -1e-9 {
			left += by
			knots = append(knots, at)
			slopes = append(slopes, left)
		}
	}
	return knots, slopes
}
