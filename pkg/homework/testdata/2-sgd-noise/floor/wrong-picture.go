package task

// It takes the variance of a single picture for that of θ.
// fails: one picture a step
func predictFloor() (one, batch float64) { return 6, 2 }
