package task

// It counts how often each picture was drawn.
func estimate(slopes, probability []float64, drawn []int) float64 {
	counts := make([]float64, len(slopes))
	for _, i := range drawn {
		counts[i] += 1 / float64(len(drawn))
	}
	total := 0.0
	for i, c := range counts {
		if c > 0 {
			total += c * slopes[i] / probability[i]
		}
	}
	return total / float64(len(probability))
}
