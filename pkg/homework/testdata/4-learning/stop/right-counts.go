package task

import "math"

// It counts the epochs without a better loss.
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	loss = math.Inf(1)
	bad := 0
	for epoch := range most {
		now := train()
		if !math.IsNaN(now) && now < loss {
			best, loss, bad = epoch+1, now, 0
			continue
		}
		if bad++; bad == patience {
			break
		}
	}
	return best, loss
}
