package task

// The gradient is that of the start.
// fails: ten steps
func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {
	g := gradient(start)
	for range steps {
		start = descentStep(start, g, lr)
	}
	return start
}
