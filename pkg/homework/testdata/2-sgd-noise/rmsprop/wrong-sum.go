package task

import "math"

// It still adds the squares up, without the factor.
// fails: slopes of one size
// fails: a star that flares
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for range steps {
		g := slope(theta)
		v += g * g
		if v > 0 {
			theta -= lr * g / math.Sqrt(v)
		}
	}
	return theta
}
