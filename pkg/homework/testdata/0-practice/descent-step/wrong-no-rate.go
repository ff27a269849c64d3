package task

// The learning rate is forgotten.
// fails: a step in one dimension
func descentStep(theta, gradient []float64, lr float64) []float64 {
	for i := range theta {
		theta[i] -= gradient[i]
	}
	return theta
}
