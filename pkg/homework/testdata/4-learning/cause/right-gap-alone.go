package task

// It tells too few examples by the gap, and the others by the error on the examples learned from.
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	learned, unseen := train(units, rate, examples)
	if unseen > 2*learned {
		return "examples"
	}
	if better, _ := train(10*units, rate, examples); better < learned/2 {
		return "units"
	}
	if better, _ := train(units, 1, examples); better < learned/2 {
		return "learning"
	}
	return "relationship"
}
