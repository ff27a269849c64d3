package task

// It divides by the number of stages instead of multiplying.
// fails: eight stages
func predictChain() (left, weight float64) { return 0.25 / 8, 4 }
