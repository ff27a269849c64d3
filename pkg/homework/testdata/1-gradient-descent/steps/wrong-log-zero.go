package task

import "math"

// It does not think of a rate that arrives in one step.
// fails: a rate that arrives in one step
func stepsNeeded(lambda []float64, lr, factor float64) int {
	worst := 0.0
	for _, l := range lambda {
		worst = math.Max(worst, math.Abs(1-lr*l))
	}
	if worst >= 1 {
		return -1
	}
	return int(math.Ceil(math.Log(factor) / math.Log(worst)))
}
