package task

import "math"

// It clips the margin, and with it the loss.
// fails: margins far below 0
func logistic(margin float64) (loss, slope float64) {
	e := math.Exp(-math.Max(-30, math.Min(30, margin)))
	return math.Log(1 + e), -e / (1 + e)
}
