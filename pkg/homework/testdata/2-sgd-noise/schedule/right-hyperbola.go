package task

// It waits before it decays like 1/t.
func rate(t, steps int) float64 { return 20 / (20 + float64(t)) }
