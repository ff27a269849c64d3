package task

// It rounds down.
// fails: about 1,000 pictures
func batchFor(n int, sigma, allowed float64) int {
	noise, limit := sigma*sigma, allowed*allowed
	return max(1, int(noise*float64(n)/(limit*float64(n-1)+noise)))
}
