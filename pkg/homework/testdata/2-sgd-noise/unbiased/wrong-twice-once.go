package task

// It counts a picture once even if it was drawn twice.
// fails: all draws of 4 pictures of 3
func estimate(slopes, probability []float64, drawn []int) float64 {
	seen, sum := map[int]bool{}, 0.0
	for _, i := range drawn {
		if !seen[i] {
			sum += slopes[i] / probability[i] / float64(len(slopes))
		}
		seen[i] = true
	}
	return sum / float64(len(drawn))
}
