package task

import "math"

// It leaves out the factor of the finite population.
// fails: about 1,000 pictures
func batchFor(n int, sigma, allowed float64) int {
	return min(n, int(math.Ceil(sigma*sigma/(allowed*allowed))))
}
