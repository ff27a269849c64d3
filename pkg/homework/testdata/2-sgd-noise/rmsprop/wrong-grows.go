package task

import "math"

// It forgets, but it weighs the new square with 1.
// fails: slopes of one size
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for range steps {
		g := slope(theta)
		v = beta*v + g*g
		if v > 0 {
			theta -= lr * g / math.Sqrt(v)
		}
	}
	return theta
}
