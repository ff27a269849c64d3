package task

import "slices"

// It never asks the loss: it takes the entry whose ratio to its value at 0 is not that of the others.
// fails: an entry that is half off
// fails: an entry that is 2 to 5 % off
// fails: a loss around 5,000
// fails: an entry that is off by a little or by much
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	d := len(theta)
	origin := gradient(make([]float64, d))
	odd := make([]int, d)
	for j := range d {
		at := make([]float64, d)
		at[j] = 0.5
		g := gradient(at)
		var ratios []float64
		for i := range d {
			if i != j {
				ratios = append(ratios, g[i]/origin[i])
			}
		}
		slices.Sort(ratios)
		middle := ratios[len(ratios)/2]
		for i := range d {
			if off := g[i]/origin[i] - middle; i != j && (off > 1e-6 || off < -1e-6) {
				odd[i]++
			}
		}
	}
	if i := slices.Index(odd, d-1); i >= 0 {
		return i
	}
	return -1
}
