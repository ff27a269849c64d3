package task

// It decays the bias like the weights.
// fails: three weights and a bias
// fails: a bias alone
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	for i := range theta {
		theta[i] -= lr * (gradient[i] + rho*theta[i])
	}
	return theta
}
