package task

// It limits on one side alone.
// fails: four limiters
func clip(lo, hi float64) (w, b, v []float64, c float64) {
	return []float64{1}, []float64{-lo}, []float64{1}, lo
}
