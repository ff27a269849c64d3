package task

// Both units open to the left.
func clip(lo, hi float64) (w, b, v []float64, c float64) {
	return []float64{-1, -1}, []float64{hi, lo}, []float64{-1, 1}, hi
}
