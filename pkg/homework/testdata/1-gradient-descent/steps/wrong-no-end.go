package task

import "math"

// At the edge it counts until it is tired.
// fails: at the edge and beyond
func stepsNeeded(lambda []float64, lr, factor float64) int {
	most := 0
	for _, l := range lambda {
		left, steps := 1.0, 0
		for left > factor && steps < 1000000 {
			left *= math.Abs(1 - lr*l)
			steps++
		}
		most = max(most, steps)
	}
	return most
}
