package task

import "math"

// It computes all pulls first, and then one entry of the gradient after the other.
func huberGradient(theta []float64, x [][]float64, y []float64, delta float64) []float64 {
	pulls := make([]float64, len(x))
	for i := range x {
		r := -y[i]
		for j := range theta {
			r += theta[j] * x[i][j]
		}
		pulls[i] = math.Copysign(math.Min(math.Abs(r), delta), r) / float64(len(x))
	}
	for j := range theta {
		theta[j] = 0
		for i := range x {
			theta[j] += pulls[i] * x[i][j]
		}
	}
	return theta
}
