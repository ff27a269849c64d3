package task

// It is the limiter for 0 and 1.
// fails: four limiters
func clip(lo, hi float64) (w, b, v []float64, c float64) {
	return []float64{1, 1}, []float64{0, -1}, []float64{1, -1}, 0
}
