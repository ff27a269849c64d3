package task

import (
	"math"
	"slices"
)

// It halves the difference of the logarithms.
func balance(w, b, v []float64) (w2, b2, v2 []float64) {
	w2, b2, v2 = slices.Clone(w), slices.Clone(b), slices.Clone(v)
	for i := range w2 {
		if w[i]*v[i] == 0 {
			continue
		}
		a := math.Exp((math.Log(math.Abs(v[i])) - math.Log(math.Abs(w[i]))) / 2)
		w2[i] *= a
		b2[i] *= a
		v2[i] /= a
	}
	return w2, b2, v2
}
