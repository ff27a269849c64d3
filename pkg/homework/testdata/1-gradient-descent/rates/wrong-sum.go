package task

// It forgets the mean.
// fails: runs at your edge ± 0.5 %
func predictRates() (edge, best float64) { return 2. / 21, 1. / 21 }
