package task

// It decays the weights where they are after the step.
// fails: three weights and a bias
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	for i := range theta {
		theta[i] -= lr * gradient[i]
		if i < len(theta)-1 {
			theta[i] *= 1 - lr*rho
		}
	}
	return theta
}
