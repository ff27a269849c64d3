package task

// It takes the decay for a part of the weight that does not depend on the learning rate.
// fails: three weights and a bias
// fails: nine weights and a bias
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	for i := range theta {
		theta[i] -= lr * gradient[i]
		if i < len(theta)-1 {
			theta[i] -= rho * theta[i]
		}
	}
	return theta
}
