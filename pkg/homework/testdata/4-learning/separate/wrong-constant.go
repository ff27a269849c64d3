package task

// It is a constant, which is right for two labelings.
// fails: eight labelings of three points
func separate(points [3][2]float64, labels [3]float64) (w [2]float64, b float64) {
	return w, labels[0]
}
