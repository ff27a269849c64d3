package task

// Both are 0.49 % too large.
func predictChain() (left, weight float64) { return 1.0049 / 65536, 1.0049 * 4 }
