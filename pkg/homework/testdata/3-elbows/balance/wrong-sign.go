package task

import "math"

// It gives all weights the same sign.
// fails: ten units
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	for i := range w {
		if w[i] != 0 && v[i] != 0 {
			size := math.Sqrt(math.Abs(v[i] * w[i]))
			b[i] *= size / math.Abs(w[i])
			w[i], v[i] = size, size
		}
	}
	return w, b, v
}
