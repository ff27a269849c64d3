package task

import "math"

// It looks to one side only, with an h for which the difference is off by 0.025 where the loss is curved most.
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
// fails: an entry that is off by a little or by much
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g, here := gradient(theta), loss(theta)
	for i := range theta {
		theta[i] += 1e-3
		slope := (loss(theta) - here) / 1e-3
		theta[i] -= 1e-3
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
