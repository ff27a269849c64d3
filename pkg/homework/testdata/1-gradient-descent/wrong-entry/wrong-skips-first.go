package task

import "math"

// It begins with the second entry.
// fails: an entry that is half off
// fails: an entry that is 2 to 5 % off
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i := 1; i < len(theta); i++ {
		at := theta[i]
		theta[i] = at + 1e-4
		up := loss(theta)
		theta[i] = at - 1e-4
		slope := (up - loss(theta)) / 2e-4
		theta[i] = at
		if math.Abs(slope-g[i]) > 0.01*math.Max(1, math.Abs(slope)) {
			return i
		}
	}
	return -1
}
