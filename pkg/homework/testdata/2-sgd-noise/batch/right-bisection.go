package task

import "math"

// It halves an interval of sizes.
func batchFor(n int, sigma, allowed float64) int {
	low, high := 0, n // high is enough, low is not
	for high-low > 1 {
		b := low + (high-low)/2
		if sigma*math.Sqrt(float64(n-b)/(float64(b)*float64(n-1))) <= allowed {
			high = b
		} else {
			low = b
		}
	}
	return high
}
