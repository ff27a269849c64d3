package task

// Both are 1 % off.
// fails: eight stages
// fails: your weight
func predictChain() (left, weight float64) { return 0.99 / 65536, 1.01 * 4 }
