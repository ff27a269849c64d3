package task

func descentStep(theta, gradient []float64, lr float64) []float64 {
	for i, g := range gradient {
		theta[i] -= g * lr
	}
	return theta
}
