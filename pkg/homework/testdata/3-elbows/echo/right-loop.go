package task

import "math"

// It goes back through the passes in a loop.
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	inputs := []float64{x}
	for i := range 2 {
		inputs = append(inputs, math.Max(0, w*inputs[i]+b))
	}
	dv = fromRight * inputs[2]
	back := fromRight * v
	for i := 1; i >= 0; i-- {
		if inputs[i+1] == 0 {
			back = 0
		}
		dw += back * inputs[i]
		db += back
		back *= w
	}
	return dw, db, dv, back
}
