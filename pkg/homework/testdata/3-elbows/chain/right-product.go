package task

// It multiplies.
func predictChain() (left, weight float64) {
	left = 1
	for range 8 {
		left /= 4
	}
	return left, 4
}
