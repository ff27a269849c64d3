package task

// It decays so fast that the start is never forgotten.
// fails: 300 steps
func rate(t, steps int) float64 { return 1 / float64(t+1) }
