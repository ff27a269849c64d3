package task

// It takes the first entry for the bias.
// fails: nine weights and a bias
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	for i := range theta {
		if i > 0 {
			gradient[i] += rho * theta[i]
		}
		theta[i] -= lr * gradient[i]
	}
	return theta
}
