package task

// It takes a step more.
// fails: no step at all
func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {
	theta := start
	for i := 0; i <= steps; i++ {
		theta = descentStep(theta, gradient(theta), lr)
	}
	return theta
}
