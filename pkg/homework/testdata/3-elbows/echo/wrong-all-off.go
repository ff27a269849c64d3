package task

// It returns 0 as soon as one of the passes is off.
// fails: the first pass is off
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	h := w*x + b
	z := w*h + b
	if h <= 0 || z <= 0 {
		return 0, 0, 0, 0
	}
	dz := fromRight * v
	return dz*h + dz*w*x, dz + dz*w, fromRight * z, dz * w * w
}
