package task

// It forgets that both sides of the threshold may be positive.
// fails: on a line
func predictShare() (plane, line float64) { return 11. / 32, 6. / 32 }
