package task

import "math"

// Beyond δ every example pulls in the same direction.
// fails: waves: some residuals beyond δ
// fails: storm: nearly all residuals beyond δ
func huberGradient(theta []float64, x [][]float64, y []float64, delta float64) []float64 {
	gradient := make([]float64, len(theta))
	for i, row := range x {
		r := -y[i]
		for j, feature := range row {
			r += theta[j] * feature
		}
		if math.Abs(r) > delta {
			r = delta
		}
		for j, feature := range row {
			gradient[j] += r * feature / float64(len(x))
		}
	}
	return gradient
}
