package task

import "math"

// It falls by a constant factor a step.
func rate(t, steps int) float64 { return math.Pow(0.005, float64(t)/float64(steps)) }
