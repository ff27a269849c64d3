package task

import "math"

// It takes an equal loss for a better one.
// fails: patience 1, and equal losses
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	loss = math.Inf(1)
	for epoch := 1; epoch <= most && epoch-best <= patience; epoch++ {
		if now := train(); now <= loss {
			best, loss = epoch, now
		}
	}
	return best, loss
}
