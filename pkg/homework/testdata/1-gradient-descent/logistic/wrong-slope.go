package task

import "math"

// Its slope is 1 minus a number near 1, which loses what is small.
// fails: margins between −30 and 700
func logistic(margin float64) (loss, slope float64) {
	e := math.Exp(-math.Abs(margin))
	return math.Max(0, -margin) + math.Log1p(e), 1/(1+math.Exp(-margin)) - 1
}
