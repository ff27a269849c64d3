package task

// It falls along a straight line, and is not small for long enough in a long run.
// fails: up to 4,000 steps
func rate(t, steps int) float64 { return 1 - float64(t)/float64(steps) }
