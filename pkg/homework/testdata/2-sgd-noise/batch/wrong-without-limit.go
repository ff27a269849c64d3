package task

import "math"

// It leaves out the factor of the finite population, and asks for more pictures than there are.
// fails: about 1,000 pictures
// fails: one picture
// fails: a handful
func batchFor(n int, sigma, allowed float64) int {
	return int(math.Ceil(sigma * sigma / allowed / allowed))
}
