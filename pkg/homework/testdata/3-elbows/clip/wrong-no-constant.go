package task

// It forgets the constant.
func clip(lo, hi float64) (w, b, v []float64, c float64) {
	return []float64{1, 1}, []float64{-lo, -hi}, []float64{1, -1}, 0
}
