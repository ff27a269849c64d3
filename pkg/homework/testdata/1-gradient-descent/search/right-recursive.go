package task

// It calls itself with half of the rate.
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	here := loss(theta)
	var try func(rate float64, left int) ([]float64, float64)
	try = func(rate float64, left int) ([]float64, float64) {
		if left == 0 {
			return theta, 0
		}
		next, wanted := make([]float64, len(theta)), here
		for i, g := range gradient {
			next[i] = theta[i] - rate*g
			wanted -= rate * g * g / 2
		}
		if loss(next) <= wanted {
			return next, rate
		}
		return try(rate/2, left-1)
	}
	return try(lr, 50)
}
