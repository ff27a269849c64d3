package task

// It looks at the settings alone.
// fails: sixteen other nets
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	switch {
	case rate < 0.01:
		return "learning"
	case units < 8:
		return "units"
	case examples < 40:
		return "examples"
	}
	return "relationship"
}
