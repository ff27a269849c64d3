package task

// It has rounded to three digits.
func predictFloor() (one, batch float64) { return 2.00, 0.667 }
