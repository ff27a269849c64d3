package task

import "math"

// It multiplies by the exponential that does not overflow.
func logistic(margin float64) (loss, slope float64) {
	slope = -1 / (1 + math.Exp(margin))
	if margin > 0 {
		return math.Log1p(math.Exp(-margin)), slope
	}
	return math.Log1p(math.Exp(margin)) - margin, slope
}
