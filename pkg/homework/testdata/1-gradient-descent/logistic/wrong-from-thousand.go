package task

import "math"

// It is mended from −1,000 down, and overflows between that and −710.
// fails: margins down to −1,000
func logistic(margin float64) (loss, slope float64) {
	if margin <= -1000 {
		return -margin, -1
	}
	return math.Log1p(math.Exp(-margin)), -1 / (1 + math.Exp(margin))
}
