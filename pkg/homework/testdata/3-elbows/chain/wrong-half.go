package task

import "math"

// It takes σ(0) for σ′(0).
// fails: eight stages
// fails: your weight
func predictChain() (left, weight float64) { return math.Pow(0.5, 8), 2 }
