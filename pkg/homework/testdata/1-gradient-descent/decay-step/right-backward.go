package task

// It goes from the end, and puts the result into the gradient's slice.
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	decay := 0.0
	for i := len(theta) - 1; i >= 0; i-- {
		gradient[i] = theta[i] - gradient[i]*lr - theta[i]*decay
		decay = rho * lr
	}
	return gradient
}
