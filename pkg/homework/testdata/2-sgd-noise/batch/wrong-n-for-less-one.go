package task

import "math"

// It has n where n − 1 should be, so its size is sometimes one too small.
// fails: about 1,000 pictures
// fails: a handful
func batchFor(n int, sigma, allowed float64) int {
	ratio := sigma / allowed
	return int(math.Ceil(ratio * ratio / (1 + ratio*ratio/float64(n))))
}
