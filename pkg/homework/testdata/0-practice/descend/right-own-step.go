package task

func descend(gradient func(theta []float64) []float64, start []float64, lr float64, steps int) []float64 {
	for ; steps > 0; steps-- {
		for i, g := range gradient(start) {
			start[i] -= lr * g
		}
	}
	return start
}
