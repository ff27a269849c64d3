package task

import "math"

// It looks to one side only, with a small h.
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g, here := gradient(theta), loss(theta)
	for i := range theta {
		moved := append([]float64(nil), theta...)
		moved[i] += 1e-6
		slope := (loss(moved) - here) / (moved[i] - theta[i])
		if d := math.Abs(slope - g[i]); d > 0.015 && d > 0.015*math.Abs(g[i]) {
			return i
		}
	}
	return -1
}
