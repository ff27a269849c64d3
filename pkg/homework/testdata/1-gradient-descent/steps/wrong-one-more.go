package task

import "math"

// It rounds down and adds a step, and beyond the edge alone it says that there is no end.
// fails: at the edge and beyond
func stepsNeeded(lambda []float64, lr, factor float64) int {
	worst := 0.0
	for _, l := range lambda {
		worst = math.Max(worst, math.Abs(1-lr*l))
	}
	if worst > 1 {
		return -1
	}
	return int(math.Log(factor)/math.Log(worst)) + 1
}
