package task

// It shrinks the weights first, in a new slice.
func decayStep(theta, gradient []float64, lr, rho float64) []float64 {
	next := append([]float64(nil), theta...)
	for i := range next[:len(next)-1] {
		next[i] *= 1 - lr*rho
	}
	for i, g := range gradient {
		next[i] -= lr * g
	}
	return next
}
