package task

// It falls in stairs, half of the run at most at the first.
func rate(t, steps int) float64 {
	switch part := float64(t) / float64(steps); {
	case part < 0.25:
		return 1
	case part < 0.5:
		return 0.2
	case part < 0.75:
		return 0.04
	}
	return 0.01
}
