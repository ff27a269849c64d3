package task

// It forgets that the ½ goes away with the derivative of the square.
func predictRates() (edge, best float64) { return 4. / 7, 2. / 7 }
