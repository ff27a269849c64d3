package task

// It looks at the error on the examples learned from, and for the examples at the gap alone.
// fails: eight nets
// fails: sixteen other nets
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
