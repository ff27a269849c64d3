package task

import "math"

// It adds a small number to the root instead of asking whether it is 0.
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for range steps {
		g := slope(theta)
		v = beta*v + (1-beta)*g*g
		theta -= lr * g / (math.Sqrt(v) + 1e-8)
	}
	return theta
}
