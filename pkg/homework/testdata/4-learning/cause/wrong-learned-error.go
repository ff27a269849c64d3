package task

// It looks at the error on the examples learned from, which more examples make larger.
// fails: sixteen other nets
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	before, _ := train(units, rate, examples)
	helps := func(units int, rate float64, examples int) bool {
		after, _ := train(units, rate, examples)
		return after < 0.6*before
	}
	switch {
	case helps(units, 1, examples):
		return "learning"
	case helps(8*units, rate, examples):
		return "units"
	case helps(units, rate, 20*examples):
		return "examples"
	}
	return "relationship"
}
