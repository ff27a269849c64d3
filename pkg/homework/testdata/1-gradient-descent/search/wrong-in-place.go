package task

// It takes the next try from where the last one ended.
// fails: a parabola
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start, square := loss(theta), 0.0
	for _, g := range gradient {
		square += g * g
	}
	for range 50 {
		for i := range theta {
			theta[i] -= lr * gradient[i]
		}
		if loss(theta) <= start-lr*square/2 {
			return theta, lr
		}
		lr /= 2
	}
	return theta, 0
}
