package task

// Its units open to the left.
func through(xs, ys []float64) (w, b, v []float64, c float64) {
	last, slope := len(xs)-1, 0.0
	for i := last; i > 0; i-- {
		next := (ys[i-1] - ys[i]) / (xs[i] - xs[i-1])
		w, b, v = append(w, -1), append(b, xs[i]), append(v, next-slope)
		slope = next
	}
	return w, b, v, ys[last]
}
