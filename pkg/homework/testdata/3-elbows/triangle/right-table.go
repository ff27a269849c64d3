package task

import "math"

// It fills slices of the right length, with w = 2.
func triangle(teeth int) (w, b, v []float64, c float64) {
	d := 2 * teeth
	w, b, v = make([]float64, d), make([]float64, d), make([]float64, d)
	for i := range w {
		w[i], b[i], v[i] = 2, -float64(i), 2*math.Pow(-1, float64(i))
	}
	v[0] = 1
	return w, b, v, 0
}
