package task

import "math/rand/v2"

// It shuffles a list of which it stores the entries that have moved.
func sample(n, b int, rng *rand.Rand) []int {
	moved := map[int]int{}
	at := func(i int) int {
		if v, is := moved[i]; is {
			return v
		}
		return i
	}
	drawn := make([]int, b)
	for k := range drawn {
		j := k + int(rng.Int64N(int64(n-k)))
		drawn[k] = at(j)
		moved[j] = at(k)
	}
	return drawn
}
