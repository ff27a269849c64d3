package task

// Both are 0.49 % too small.
func predictChain() (left, weight float64) { return 0.9951 / 65536, 0.9951 * 4 }
