package task

// It takes the variance of all targets, with the function in it.
// fails: evenings that occur twice or three times
func noiseVariance(inputs, targets []float64) float64 {
	mean, squares := 0.0, 0.0
	for _, y := range targets {
		mean += y / float64(len(targets))
	}
	for _, y := range targets {
		squares += (y - mean) * (y - mean)
	}
	return squares / float64(len(targets)-1)
}
