package task

import "math"

// It forgets that the first pass may be off.
// fails: the first pass is off
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	h := math.Max(0, w*x+b)
	z := w*h + b
	if z <= 0 {
		return 0, 0, 0, 0
	}
	dz := fromRight * v
	return dz*h + dz*w*x, dz + dz*w, fromRight * z, dz * w * w
}
