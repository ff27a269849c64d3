package task

import "math"

// It divides by 0 as long as the mean is 0.
// fails: random slopes, the first of them 0
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for range steps {
		g := slope(theta)
		v = beta*v + (1-beta)*g*g
		theta -= lr * g / math.Sqrt(v)
	}
	return theta
}
