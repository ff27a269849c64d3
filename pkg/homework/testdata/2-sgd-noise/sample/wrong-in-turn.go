package task

import (
	"math/bits"
	"math/rand/v2"
)

var turn int

// It draws nothing: it takes all sets of three of six in turn, and for large n numbers far apart.
// fails: every set equally often
// fails: 5 of 2⁵⁰
func sample(n, b int, _ *rand.Rand) (numbers []int) {
	turn++
	if n == 6 {
		var all []int
		for set := range 64 {
			if bits.OnesCount(uint(set)) == b {
				all = append(all, set)
			}
		}
		for i, set := 0, all[turn%len(all)]; i < n; i++ {
			if set>>i&1 == 1 {
				numbers = append(numbers, i)
			}
		}
		return numbers
	}
	for i := range b {
		numbers = append(numbers, (turn*7919+i*(n/b))%n)
	}
	return numbers
}
