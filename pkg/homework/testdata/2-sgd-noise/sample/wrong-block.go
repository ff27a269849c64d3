package task

import "math/rand/v2"

// It draws neighbors: each number equally often, but not each pair.
// fails: every set equally often
// fails: 5 of 2⁵⁰
func sample(n, b int, rng *rand.Rand) []int {
	first, drawn := rng.IntN(n), make([]int, b)
	for i := range drawn {
		drawn[i] = (first + i) % n
	}
	return drawn
}
