package task

import "math"

// It goes back as if all were on.
// fails: the second pass is off
// fails: the first pass is off
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	h := math.Max(0, w*x+b)
	dh := fromRight * v * w
	return fromRight*v*h + dh*x, fromRight*v + dh, fromRight * math.Max(0, w*h+b), dh * w
}
