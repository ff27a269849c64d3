package task

import "math"

// It does not put θ back before it goes to the next entry.
// fails: an entry that is 2 to 5 % off
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i := range theta {
		before := loss(theta)
		theta[i] += 0.01
		slope := (loss(theta) - before) / 0.01
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
