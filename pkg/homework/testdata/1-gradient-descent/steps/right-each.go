package task

import "math"

// It asks each direction for its number of steps.
func stepsNeeded(lambda []float64, lr, factor float64) int {
	most := 1
	for _, l := range lambda {
		keeps := math.Abs(lr*l - 1)
		if keeps >= 1 {
			return -1
		}
		if keeps > 0 {
			most = max(most, int(math.Ceil(math.Log10(factor)/math.Log10(keeps))))
		}
	}
	return most
}
