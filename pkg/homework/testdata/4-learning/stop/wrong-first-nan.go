package task

// It begins with the first loss, and never leaves it if that is NaN.
// fails: losses that are NaN
func stopEarly(train func() float64, patience, most int) (best int, loss float64) {
	best, loss = 1, train()
	for epoch := 2; epoch <= most && epoch-best <= patience; epoch++ {
		if now := train(); now < loss {
			best, loss = epoch, now
		}
	}
	return best, loss
}
