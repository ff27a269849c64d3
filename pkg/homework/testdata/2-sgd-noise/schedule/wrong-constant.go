package task

// It is a good constant rate.
// fails: 300 steps
func rate(t, steps int) float64 { return 20 / float64(steps) }
