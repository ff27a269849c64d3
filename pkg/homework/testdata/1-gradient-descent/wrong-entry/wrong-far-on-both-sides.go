package task

import "math"

// It looks to both sides, but so far that the third derivative matters.
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
// fails: an entry that is off by a little or by much
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i, at := range theta {
		theta[i] = at + 0.1
		up := loss(theta)
		theta[i] = at - 0.1
		slope := (up - loss(theta)) / 0.2
		theta[i] = at
		if math.Abs(slope-g[i]) > 0.02*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
