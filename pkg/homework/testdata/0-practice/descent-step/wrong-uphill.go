package task

// It climbs.
// fails: a step in one dimension
func descentStep(theta, gradient []float64, lr float64) []float64 {
	for i := range theta {
		theta[i] += lr * gradient[i]
	}
	return theta
}
