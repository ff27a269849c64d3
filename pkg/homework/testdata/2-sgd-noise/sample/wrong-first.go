package task

import "math/rand/v2"

// It returns the first b numbers, and asks rng for none.
// fails: 4 of 9
// fails: all of them, and all but one
// fails: every set equally often
// fails: 5 of 2⁵⁰
func sample(n, b int, rng *rand.Rand) []int {
	drawn := make([]int, b)
	for i := range drawn {
		drawn[i] = i
	}
	return drawn
}
