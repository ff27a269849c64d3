package task

// It is the plain mean of what was drawn.
// fails: all draws of 1 picture of 3
func estimate(slopes, probability []float64, drawn []int) float64 {
	var sum float64
	for _, i := range drawn {
		sum += slopes[i]
	}
	return sum / float64(len(drawn))
}
