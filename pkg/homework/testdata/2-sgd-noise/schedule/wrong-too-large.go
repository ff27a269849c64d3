package task

// It begins above 1.
// fails: 300 steps
func rate(t, steps int) float64 { return 30 / float64(20+t) }
