package task

// It returns what it tried last when no rate is good enough.
// fails: no rate is good enough
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start, promise := loss(theta), 0.0
	for _, g := range gradient {
		promise += g * g
	}
	next = make([]float64, len(theta))
	for range 50 {
		used = lr
		for i := range theta {
			next[i] = theta[i] - used*gradient[i]
		}
		if loss(next) <= start-used*promise/2 {
			return next, used
		}
		lr /= 2
	}
	return next, used
}
