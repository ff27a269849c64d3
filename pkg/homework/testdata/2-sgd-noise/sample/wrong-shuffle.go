package task

import "math/rand/v2"

// It shuffles a list of all numbers.
// fails: 5 of 2⁵⁰
func sample(n, b int, rng *rand.Rand) []int { return rng.Perm(n)[:b] }
