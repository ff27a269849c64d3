package task

// It multiplies by gates that are 0 or 1.
func echoBackward(x, w, b, v, fromRight float64) (dw, db, dv, dx float64) {
	gate := func(z float64) float64 {
		if z > 0 {
			return 1
		}
		return 0
	}
	z1 := w*x + b
	h1 := gate(z1) * z1
	z2 := w*h1 + b
	d2 := gate(z2) * v * fromRight
	d1 := gate(z1) * w * d2
	return d1*x + d2*h1, d1 + d2, gate(z2) * z2 * fromRight, w * d1
}
