package task

// It uses the law for small rates, η/2 times the variance.
// fails: one picture a step
func predictFloor() (one, batch float64) { return 1.5, 0.5 }
