package task

import "math"

// It divides by 0.
// fails: units without a weight
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	for i := range w {
		a := math.Sqrt(math.Abs(v[i] / w[i]))
		w[i], b[i], v[i] = a*w[i], a*b[i], v[i]/a
	}
	return w, b, v
}
