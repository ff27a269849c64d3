package task

import (
	"math/rand/v2"
	"slices"
)

// It draws again until the number is new.
func sample(n, b int, rng *rand.Rand) []int {
	var drawn []int
	for len(drawn) < b {
		if i := rng.IntN(n); !slices.Contains(drawn, i) {
			drawn = append(drawn, i)
		}
	}
	return drawn
}
