package task

// It counts the weights without the bias.
// fails: in the plane
func predictShare() (plane, line float64) { return 10. / 32, 2. / 32 }
