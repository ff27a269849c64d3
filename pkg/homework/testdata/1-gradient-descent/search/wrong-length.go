package task

import "math"

// It takes the length of the gradient for its square.
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start, square := loss(theta), 0.0
	for _, g := range gradient {
		square += g * g
	}
	for range 50 {
		next = make([]float64, len(theta))
		for i := range theta {
			next[i] = theta[i] - lr*gradient[i]
		}
		if loss(next) <= start-lr*math.Sqrt(square)/2 {
			return next, lr
		}
		lr /= 2
	}
	return theta, 0
}
