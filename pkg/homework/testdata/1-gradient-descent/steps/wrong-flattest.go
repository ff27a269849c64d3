package task

import "math"

// It takes the flattest direction for the slowest.
// fails: five directions, and a rate near the edge
func stepsNeeded(lambda []float64, lr, factor float64) int {
	least := math.Inf(1)
	for _, l := range lambda {
		least = math.Min(least, l)
	}
	keeps := math.Abs(1 - lr*least)
	if keeps >= 1 {
		return -1
	}
	return max(1, int(math.Ceil(math.Log(factor)/math.Log(keeps))))
}
