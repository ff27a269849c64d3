package task

import "math/rand/v2"

// It may draw a number twice.
// fails: 4 of 9
func sample(n, b int, rng *rand.Rand) []int {
	drawn := make([]int, b)
	for i := range drawn {
		drawn[i] = rng.IntN(n)
	}
	return drawn
}
