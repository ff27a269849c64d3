package task

import "math"

// It rounds down.
// fails: one direction
func stepsNeeded(lambda []float64, lr, factor float64) int {
	worst := 0.0
	for _, l := range lambda {
		worst = math.Max(worst, math.Abs(1-lr*l))
	}
	if worst >= 1 {
		return -1
	}
	return max(1, int(math.Log(factor)/math.Log(worst)))
}
