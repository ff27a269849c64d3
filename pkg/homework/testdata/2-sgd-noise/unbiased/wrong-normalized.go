package task

// It divides by the sum of the weights, so its weights add up to 1, and it is biased.
// fails: all draws of 1 picture of 3
func estimate(slopes, probability []float64, drawn []int) float64 {
	var sum, weights float64
	for _, i := range drawn {
		sum += slopes[i] / probability[i]
		weights += 1 / probability[i]
	}
	return sum / weights
}
