package task

import "math"

// It moves the mean toward the new square.
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	mean := 0.0
	for left := steps; left > 0; left-- {
		g := slope(theta)
		mean += (1 - beta) * (g*g - mean)
		if mean == 0 {
			continue
		}
		theta = theta - g*lr*math.Pow(mean, -0.5)
	}
	return theta
}
