package task

import "math"

// It forgets the bias, and moves the knot.
// fails: one unit
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	for i := range w {
		if w[i] != 0 && v[i] != 0 {
			a := math.Sqrt(math.Abs(v[i] / w[i]))
			w[i], v[i] = a*w[i], v[i]/a
		}
	}
	return w, b, v
}
