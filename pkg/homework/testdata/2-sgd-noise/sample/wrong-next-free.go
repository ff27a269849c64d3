package task

import (
	"math/rand/v2"
	"slices"
)

// It takes the next free number in place of one that it has, which makes neighbors more likely.
// fails: every set equally often
func sample(n, b int, rng *rand.Rand) []int {
	var drawn []int
	for len(drawn) < b {
		i := rng.IntN(n)
		for slices.Contains(drawn, i) {
			i = (i + 1) % n
		}
		drawn = append(drawn, i)
	}
	return drawn
}
