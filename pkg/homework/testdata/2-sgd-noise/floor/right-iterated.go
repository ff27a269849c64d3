package task

// It lets the variance run until it rests.
func predictFloor() (one, batch float64) {
	for range 100 {
		one = one/4 + 6./4
		batch = batch/4 + 2./4
	}
	return one, batch
}
