package task

// It divides by the number of examples.
// fails: one evening, five times
func noiseVariance(inputs, targets []float64) float64 {
	sum, count := map[float64]float64{}, map[float64]float64{}
	for i, x := range inputs {
		sum[x] += targets[i]
		count[x]++
	}
	if len(count) == len(inputs) {
		return -1
	}
	var squares float64
	for i, x := range inputs {
		squares += (targets[i] - sum[x]/count[x]) * (targets[i] - sum[x]/count[x])
	}
	return squares / float64(len(inputs))
}
