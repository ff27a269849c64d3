package task

// Both are 1 % off.
// fails: runs just below and above your edge
// fails: one step at your best rate
func predictRates() (edge, best float64) { return 1.01 * 2 / 7, 0.99 / 7 }
