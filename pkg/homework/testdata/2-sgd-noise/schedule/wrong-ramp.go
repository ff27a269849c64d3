package task

import "math"

// It stays at 1 for a fifth of the run and falls to 0 along a straight line, so it is large for too long in a long run.
// fails: 1,000 steps
// fails: up to 4,000 steps
// fails: some number of steps
func rate(t, steps int) float64 { return math.Min(1, 1.25*(1-float64(t)/float64(steps))) }
