package task

import "math"

// It returns the last epoch and its loss.
// fails: a loss that falls and rises, patience 3
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	least, since := math.Inf(1), 0
	for best < most && since < patience {
		loss = train()
		best++
		since++
		if loss < least {
			least, since = loss, 0
		}
	}
	return best, loss
}
