package task

// It is Nesterov's variant.
// fails: two steps
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i, g := range gradient {
		velocity[i] = beta*velocity[i] + g
		theta[i] -= lr * (g + beta*velocity[i])
	}
	return theta, velocity
}
