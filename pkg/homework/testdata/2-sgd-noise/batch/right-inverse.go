package task

import "math"

// It adds inverses: 1/b is 1/n plus what the error allows.
func batchFor(n int, sigma, allowed float64) int {
	ratio := allowed / sigma
	inverse := ratio*ratio*float64(n-1)/float64(n) + 1/float64(n)
	b := 1 / inverse
	return int(math.Ceil(b - 1e-9))
}
