package task

import "math"

// It returns the entry that is farthest off, if that is far enough; its h is larger.
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	most, worst := 0.012, -1
	for i := len(theta) - 1; i >= 0; i-- {
		at := func(h float64) float64 {
			moved := append([]float64(nil), theta...)
			moved[i] += h
			return loss(moved)
		}
		slope := (at(2e-3) - at(-2e-3)) / 4e-3
		if off := math.Abs(slope-g[i]) / (1 + math.Abs(slope)); 2*off > most {
			most, worst = 2*off, i
		}
	}
	return worst
}
