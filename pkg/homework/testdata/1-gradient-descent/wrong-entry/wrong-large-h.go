package task

import "math"

// Its h is so large that the difference is not the derivative.
// fails: an entry that is 2 to 5 % off
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i := range theta {
		before := loss(theta)
		theta[i] += 0.1
		slope := (loss(theta) - before) / 0.1
		theta[i] -= 0.1
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
