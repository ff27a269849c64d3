package task

import "math"

// It moves θ itself and takes the move back if it is too long.
func lineSearch(
	loss func(theta []float64) float64, theta, gradient []float64, lr float64,
) (next []float64, used float64) {
	start := append([]float64(nil), theta...)
	before := loss(theta)
	half := 0.0
	for _, g := range gradient {
		half += 0.5 * g * g
	}
	for tries := 0; tries < 50; tries++ {
		rate := lr * math.Pow(0.5, float64(tries))
		for i := range theta {
			theta[i] = start[i] - rate*gradient[i]
		}
		if after := loss(theta); before-after >= rate*half {
			return theta, rate
		}
	}
	return start, 0
}
