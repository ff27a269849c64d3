package task

import "math"

// It takes 1 − ηλ for e^(−ηλ).
// fails: five directions, and a rate near the edge
func stepsNeeded(lambda []float64, lr, factor float64) int {
	least := math.Inf(1)
	for _, l := range lambda {
		least = math.Min(least, l)
	}
	return int(math.Ceil(-math.Log(factor) / (lr * least)))
}
