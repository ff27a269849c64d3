package task

// Only the first parameter moves.
// fails: a step in seven dimensions
func descentStep(theta, gradient []float64, lr float64) []float64 {
	theta[0] -= lr * gradient[0]
	return theta
}
