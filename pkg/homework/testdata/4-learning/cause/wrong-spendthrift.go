package task

import "math"

// It trains until one remedy wins.
// fails: eight nets
func cause(
	units int, rate float64, examples int,
	train func(units int, rate float64, examples int) (learned, unseen float64),
) string {
	_, before := train(units, rate, examples)
	for f := 1; f < 12; f++ {
		if _, after := train(units*f, rate, examples); after < before/2 {
			return "units"
		}
		if _, after := train(units, rate, examples*f); after < before/2 {
			return "examples"
		}
		if _, after := train(units, math.Min(1, rate*math.Pow(2, float64(f))), examples); after < before/2 {
			return "learning"
		}
	}
	return "relationship"
}
