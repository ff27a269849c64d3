package task

// It returns new slices.
func momentumStep(theta, velocity, gradient []float64, lr, beta float64) (next, moving []float64) {
	for i := range theta {
		moving = append(moving, gradient[i]+velocity[i]*beta)
		next = append(next, theta[i]-moving[i]*lr)
	}
	return next, moving
}
