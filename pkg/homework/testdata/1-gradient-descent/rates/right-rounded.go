package task

// It has rounded to three digits.
func predictRates() (edge, best float64) { return 0.286, 0.143 }
