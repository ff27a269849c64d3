package task

func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {
	if steps == 0 {
		return start
	}
	return descend(gradient, descentStep(start, gradient(start), lr), lr, steps-1)
}
