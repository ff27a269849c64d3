package task

import "math"

// It overflows where e^m is just too large.
// fails: margins far above 0
func logistic(margin float64) (loss, slope float64) {
	if margin < 0 {
		e := math.Exp(margin)
		return math.Log1p(e) - margin, -1 / (1 + e)
	}
	if margin > 900 {
		return 0, 0
	}
	e := math.Exp(margin)
	return math.Log1p(1 / e), -e / (1 + e) / e
}
