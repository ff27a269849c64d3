package task

// It trusts every gradient.
// fails: an entry that is half off
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	return -1
}
