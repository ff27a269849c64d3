package task

import "math"

// It corrects the mean for its start at 0, as Adam does.
// fails: slopes of one size
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for t := range steps {
		g := slope(theta)
		v = beta*v + (1-beta)*g*g
		if v > 0 {
			theta -= lr * g / math.Sqrt(v/(1-math.Pow(beta, float64(t+1))))
		}
	}
	return theta
}
