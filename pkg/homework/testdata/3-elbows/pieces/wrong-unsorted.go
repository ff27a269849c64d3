package task

// It lists the knots in the order of the units.
// fails: six places
func pieces(w, b, v []float64, c float64) (knots, slopes []float64) {
	for i := range w {
		if w[i] != 0 && v[i] != 0 {
			knots = append(knots, -b[i]/w[i])
		}
	}
	at := func(x float64) float64 { return netAt(w, b, v, c, x) }
	for i := 0; i <= len(knots); i++ {
		x := -100.0
		if i > 0 {
			x = knots[i-1] + 0.1
		}
		slopes = append(slopes, (at(x+0.05)-at(x))/0.05)
	}
	return knots, slopes
}
