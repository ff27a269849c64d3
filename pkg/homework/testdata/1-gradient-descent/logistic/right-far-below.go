package task

import "math"

// It drops ln(1 + eᵐ) where that is less than a relative 10⁻⁹.
func logistic(margin float64) (loss, slope float64) {
	if margin < -20 {
		return -margin, -1 / (1 + math.Exp(margin))
	}
	e := math.Exp(-margin)
	return math.Log1p(e), -e / (1 + e)
}
