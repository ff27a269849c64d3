package task

import "math"

// It trains for one epoch more than its patience.
// fails: a loss that falls and rises, patience 3
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	loss = math.Inf(1)
	for epoch := 1; epoch <= most && epoch-best <= patience+1; epoch++ {
		if now := train(); now < loss {
			best, loss = epoch, now
		}
	}
	return best, loss
}
