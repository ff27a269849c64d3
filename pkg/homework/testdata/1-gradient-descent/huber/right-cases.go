package task

// It spells the cases out and divides at the end.
func huberGradient(theta []float64, x [][]float64, y []float64, delta float64) []float64 {
	sum := make([]float64, len(theta))
	for i := len(x) - 1; i >= 0; i-- {
		var prediction float64
		for j := range theta {
			prediction += x[i][j] * theta[j]
		}
		pull := prediction - y[i]
		switch {
		case pull > delta:
			pull = delta
		case pull < -delta:
			pull = -delta
		}
		for j := range sum {
			sum[j] += pull * x[i][j]
		}
	}
	for j := range sum {
		sum[j] /= float64(len(y))
	}
	return sum
}
