package task

// It compares the signs alone.
// fails: an entry that is 2 to 5 % off
func wrongEntry(
	loss func(theta []float64) float64, gradient func(theta []float64) []float64, theta []float64,
) int {
	g := gradient(theta)
	for i := range theta {
		before := loss(theta)
		theta[i] += 1e-5
		slope := loss(theta) - before
		theta[i] -= 1e-5
		if slope*g[i] < 0 {
			return i
		}
	}
	return -1
}
