package task

import "math"

// It no longer overflows, and loses what is small.
// fails: margins between −30 and 700
func logistic(margin float64) (loss, slope float64) {
	if margin < 0 {
		return -margin + math.Log(1+math.Exp(margin)), -1 / (1 + math.Exp(margin))
	}
	e := math.Exp(-margin)
	return math.Log(1 + e), -e / (1 + e)
}
