package task

import "math"

// Its h is so small that rounding is larger than the mistake.
// fails: a loss around 5,000
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i := range theta {
		before := loss(theta)
		theta[i] += 1e-11
		slope := (loss(theta) - before) / 1e-11
		theta[i] -= 1e-11
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
