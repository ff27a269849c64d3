package task

// It moves by the velocity from before the step.
// fails: one step
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i, g := range gradient {
		theta[i] -= lr * velocity[i]
		velocity[i] = beta*velocity[i] + g
	}
	return theta, velocity
}
