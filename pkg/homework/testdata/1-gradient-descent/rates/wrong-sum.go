package task

// It forgets the mean.
// fails: runs just below and above your edge
func predictRates() (edge, best float64) { return 2. / 21, 1. / 21 }
