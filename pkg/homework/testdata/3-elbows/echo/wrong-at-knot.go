package task

import "math"

// At a knot it passes the derivative on.
// fails: at a knot
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	z1 := w*x + b
	h := math.Max(0, z1)
	z2 := w*h + b
	if z2 < 0 {
		return 0, 0, 0, 0
	}
	dz := fromRight * v
	dw, db, dv = dz*h, dz, fromRight*z2
	if z1 >= 0 {
		dw, db, dx = dw+dz*w*x, db+dz*w, dz*w*w
	}
	return dw, db, dv, dx
}
