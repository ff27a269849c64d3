package task

import "math"

// Each step is a call, and the sizes are kept instead of the squares.
func follow(slope func(theta float64) float64, theta, lr, beta float64, steps int) float64 {
	var from func(theta, size float64, left int) float64
	from = func(theta, size float64, left int) float64 {
		if left == 0 {
			return theta
		}
		g := slope(theta)
		size = math.Hypot(math.Sqrt(beta)*size, math.Sqrt(1-beta)*g)
		if size > 0 {
			theta -= lr * (g / size)
		}
		return from(theta, size, left-1)
	}
	return from(theta, 0, steps)
}
