package task

// It trains nothing, and looks at how the settings compare.
// fails: eight nets
// fails: sixteen other nets
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	switch {
	case rate < 0.05:
		return "learning"
	case examples < units:
		return "examples"
	case examples > 10*units:
		return "units"
	}
	return "relationship"
}
