package task

// It has mended two of three: it still adds the slopes up.
// fails: five points, equally far apart
func through(xs, ys []float64) (w, b, v []float64, c float64) {
	var slope float64
	for i := 0; i+1 < len(xs); i++ {
		next := (ys[i+1] - ys[i]) / (xs[i+1] - xs[i])
		w, b, v = append(w, 1), append(b, -xs[i]), append(v, next-slope)
		slope += next
	}
	return w, b, v, ys[0]
}
