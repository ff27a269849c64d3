package task

// It looks at the gap between the two errors first.
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	learned, unseen := train(units, rate, examples)
	if learned < unseen/3 {
		return "examples"
	}
	if better, _ := train(units, 1, examples); better < learned/2 {
		return "learning"
	}
	if _, better := train(5*units, 1, 5*examples); better < unseen/2 {
		return "units"
	}
	return "relationship"
}
