package task

// It keeps a running mean of the pictures' estimates.
func estimate(slopes, probability []float64, drawn []int) float64 {
	mean := 0.0
	for k, i := range drawn {
		one := slopes[i] / (float64(len(slopes)) * probability[i])
		mean += (one - mean) / float64(k+1)
	}
	return mean
}
