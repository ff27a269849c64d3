package task

// It always names the same cause.
// fails: eight nets
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	return "relationship"
}
