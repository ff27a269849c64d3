package task

// It takes the direction from the mean of the one label to the mean of the other.
// fails: other points
func separate(points [3][2]float64, labels [3]float64) (w [2]float64, b float64) {
	for i, p := range points {
		w[0] += labels[i] * p[0]
		w[1] += labels[i] * p[1]
		b += labels[i]
	}
	return w, b
}
