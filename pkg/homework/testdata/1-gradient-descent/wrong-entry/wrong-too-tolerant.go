package task

import "math"

// It forgives 3 % and more.
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
// fails: an entry that is off by a little or by much
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i, at := range theta {
		theta[i] = at + 1e-4
		up := loss(theta)
		theta[i] = at - 1e-4
		slope := (up - loss(theta)) / 2e-4
		theta[i] = at
		if math.Abs(slope-g[i]) > 0.03*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
