package task

import "math"

// It computes Cover's formula.
func predictShare() (plane, line float64) {
	cover := func(n, d int) float64 {
		term, sum := 1.0, 0.0
		for k := range d {
			sum += term
			term *= float64(n-1-k) / float64(k+1)
		}
		return 2 * sum / math.Pow(2, float64(n))
	}
	return cover(5, 3), cover(5, 2)
}
