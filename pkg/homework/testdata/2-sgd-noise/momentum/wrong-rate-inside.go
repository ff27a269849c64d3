package task

// Its velocity has the rate in it, and points downhill.
// fails: one step
// fails: twenty steps in six dimensions
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i, g := range gradient {
		velocity[i] = beta*velocity[i] - lr*g
		theta[i] += velocity[i]
	}
	return theta, velocity
}
