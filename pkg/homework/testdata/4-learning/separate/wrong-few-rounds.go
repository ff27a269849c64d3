package task

// It is a perceptron that gives up early.
// fails: other points
func separate(points [3][2]float64, labels [3]float64) (w [2]float64, b float64) {
	for range 3 {
		for i, p := range points {
			if labels[i]*(w[0]*p[0]+w[1]*p[1]+b) <= 0 {
				w[0] += labels[i] * p[0]
				w[1] += labels[i] * p[1]
				b += labels[i]
			}
		}
	}
	return w, b
}
