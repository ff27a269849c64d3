package task

// It tries all sizes, and gives up after a million.
// fails: a long night
func batchFor(n int, sigma, allowed float64) int {
	for b := 1; b < min(n, 1000000); b++ {
		if sigma*sigma/float64(b)*float64(n-b)/float64(n-1) <= allowed*allowed {
			return b
		}
	}
	return n
}
