package task

// Both are 0.49 % off.
func predictFloor() (one, batch float64) { return 0.9951 * 2, 1.0049 * 2 / 3 }
