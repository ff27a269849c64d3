package task

import "math"

// It adds the target instead of subtracting it.
// fails: calm sea: small residuals
// fails: waves: some residuals beyond δ
// fails: one example
func huberGradient(theta []float64, x [][]float64, y []float64, delta float64) []float64 {
	gradient := make([]float64, len(theta))
	for i, row := range x {
		r := y[i]
		for j, feature := range row {
			r += theta[j] * feature
		}
		r = math.Max(-delta, math.Min(r, delta))
		for j, feature := range row {
			gradient[j] += r * feature / float64(len(x))
		}
	}
	return gradient
}
