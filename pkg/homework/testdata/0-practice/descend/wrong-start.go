package task

// It returns what was there before the last step.
// fails: one step
func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {
	theta := start
	for range steps - 1 {
		theta = descentStep(theta, gradient(theta), lr)
	}
	return theta
}
