package task

import "math"

// It takes the limits where they are exact to rounding.
func logistic(margin float64) (loss, slope float64) {
	switch {
	case margin > 40:
		return math.Exp(-margin), -math.Exp(-margin)
	case margin < -40:
		return -margin, -1
	}
	e := math.Exp(-margin)
	return math.Log1p(e), -e / (1 + e)
}
