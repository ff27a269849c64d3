package task

// It is content with any loss that is lower.
// fails: a parabola
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start := loss(theta)
	for range 50 {
		next = make([]float64, len(theta))
		for i := range theta {
			next[i] = theta[i] - lr*gradient[i]
		}
		if loss(next) < start {
			return next, lr
		}
		lr /= 2
	}
	return theta, 0
}
