package task

import "math"

// It counts the stages between, not the stages.
// fails: eight stages
func predictChain() (left, weight float64) { return math.Pow(0.25, 7), 4 }
