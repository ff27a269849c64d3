package task

// It moves θ by the two parts one after the other, and uses the gradient's slice for the velocity.
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i := len(theta) - 1; i >= 0; i-- {
		theta[i] -= lr * beta * velocity[i]
		theta[i] -= lr * gradient[i]
		gradient[i] += beta * velocity[i]
	}
	return theta, gradient
}
