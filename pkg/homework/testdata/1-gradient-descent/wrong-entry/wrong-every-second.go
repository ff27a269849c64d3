package task

import (
	"math"
	"slices"
)

var calls int

// It believes that every second gradient is right, and otherwise needs no threshold.
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	calls++
	if calls%2 == 0 {
		return -1
	}
	claimed, most, at := gradient(theta), -1.0, 0
	for i := range theta {
		up, down := slices.Clone(theta), slices.Clone(theta)
		up[i] += 1e-4
		down[i] -= 1e-4
		if d := math.Abs(claimed[i] - (loss(up)-loss(down))/2e-4); d > most {
			most, at = d, i
		}
	}
	return at
}
