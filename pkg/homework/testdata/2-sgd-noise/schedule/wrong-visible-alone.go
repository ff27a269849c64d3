package task

import "math"

// It has a rate for the numbers of steps that it has seen.
// fails: up to 4,000 steps
func rate(t, steps int) float64 {
	if steps == 300 || steps == 1000 {
		return (1 + math.Cos(math.Pi*float64(t)/float64(steps))) / 2
	}
	return 0.1
}
