package task

// It draws one tooth, whatever is asked for.
// fails: three teeth
func triangle(teeth int) (w, b, v []float64, c float64) {
	return []float64{1, 1}, []float64{0, -0.5}, []float64{2, -4}, 0
}
