package task

// It uses the first drawn picture alone: unbiased, but as noisy as a single picture.
// fails: all draws of 2 pictures of 5
func estimate(slopes, probability []float64, drawn []int) float64 {
	i := drawn[0]
	return slopes[i] / probability[i] / float64(len(slopes))
}
