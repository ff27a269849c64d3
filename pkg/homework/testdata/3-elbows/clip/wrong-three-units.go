package task

// It spends three units, one for the straight line.
// fails: four limiters
func clip(lo, hi float64) (w, b, v []float64, c float64) {
	return []float64{1, -1, 1}, []float64{-lo, lo, -hi}, []float64{1, 0, -1}, lo
}
