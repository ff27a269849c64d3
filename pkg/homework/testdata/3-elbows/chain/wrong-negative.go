package task

// Its weight is the other root of w⁸ = 4⁸.
// fails: your weight
func predictChain() (left, weight float64) { return 1. / 65536, -4 }
