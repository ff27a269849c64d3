package task

import "math"

// It counts the steps of the slowest direction.
func stepsNeeded(lambda []float64, lr, factor float64) int {
	worst := 0.0
	for _, l := range lambda {
		worst = max(worst, math.Abs(1-lr*l))
	}
	if worst >= 1 {
		return -1
	}
	steps := 0
	for left := 1.0; left > factor; left *= worst {
		steps++
	}
	return steps
}
