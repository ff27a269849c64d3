package task

import "math"

// It computes the common size, √|vw|.
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	for i := range w {
		size := math.Sqrt(math.Abs(v[i])) * math.Sqrt(math.Abs(w[i]))
		if size == 0 {
			w2, b2, v2 = append(w2, w[i]), append(b2, b[i]), append(v2, v[i])
			continue
		}
		w2 = append(w2, math.Copysign(size, w[i]))
		b2 = append(b2, b[i]*size/math.Abs(w[i]))
		v2 = append(v2, math.Copysign(size, v[i]))
	}
	return w2, b2, v2
}
