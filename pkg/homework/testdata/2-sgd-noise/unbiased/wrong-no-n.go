package task

// It estimates the sum of all slopes.
// fails: all draws of 1 picture of 3
func estimate(slopes, probability []float64, drawn []int) float64 {
	var sum float64
	for _, i := range drawn {
		sum += slopes[i] / probability[i]
	}
	return sum / float64(len(drawn))
}
