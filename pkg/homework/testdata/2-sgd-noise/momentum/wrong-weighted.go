package task

// It weighs the gradient with 1 − β.
// fails: two steps
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i, g := range gradient {
		velocity[i] = beta*velocity[i] + (1-beta)*g
		theta[i] -= lr * velocity[i]
	}
	return theta, velocity
}
