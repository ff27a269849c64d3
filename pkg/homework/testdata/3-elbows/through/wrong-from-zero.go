package task

// It has mended two of three: the line begins at 0.
// fails: two points
func through(xs, ys []float64) (w, b, v []float64, c float64) {
	var slope float64
	for i := 0; i+1 < len(xs); i++ {
		next := (ys[i+1] - ys[i]) / (xs[i+1] - xs[i])
		w, b, v = append(w, 1), append(b, -xs[i]), append(v, next-slope)
		slope = next
	}
	return w, b, v, 0
}
