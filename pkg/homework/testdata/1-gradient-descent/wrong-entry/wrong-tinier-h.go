package task

import "math"

// Its h is so small that a difference is off by more than the mistake at some points and by less at others.
// fails: an entry that is half off
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
// fails: an entry that is off by a little or by much
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g, here := gradient(theta), loss(theta)
	for i, at := range theta {
		theta[i] = at + 1e-12
		slope := (loss(theta) - here) / 1e-12
		theta[i] = at
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
