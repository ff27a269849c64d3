package task

import "math"

// It takes the mean of the two sizes, which changes their product.
// fails: one unit
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	for i := range w {
		if w[i] != 0 && v[i] != 0 {
			size := (math.Abs(w[i]) + math.Abs(v[i])) / 2
			b[i] *= size / math.Abs(w[i])
			w[i], v[i] = math.Copysign(size, w[i]), math.Copysign(size, v[i])
		}
	}
	return w, b, v
}
