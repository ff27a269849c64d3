package task

import "slices"

// It is content with a little less than half.
// fails: a parabola
// fails: the fiftieth rate
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start, promise := loss(theta), 0.0
	for _, g := range gradient {
		promise += g * g
	}
	for range 50 {
		next = slices.Clone(theta)
		for i := range next {
			next[i] -= lr * gradient[i]
		}
		if loss(next) <= start-0.48*lr*promise {
			return next, lr
		}
		lr /= 2
	}
	return theta, 0
}
