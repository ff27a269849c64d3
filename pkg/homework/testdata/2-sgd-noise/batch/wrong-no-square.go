package task

import "math"

// It takes the standard error for a variance.
// fails: about 1,000 pictures
func batchFor(n int, sigma, allowed float64) int {
	noise := sigma * sigma
	return int(math.Ceil(noise * float64(n) / (allowed*float64(n-1) + noise)))
}
