package task

import "math"

// It stays at 1 before it decays like 1/t.
func rate(t, steps int) float64 { return math.Min(1, 20/float64(t+1)) }
