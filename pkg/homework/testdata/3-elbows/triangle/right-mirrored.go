package task

// It comes from the right.
func triangle(teeth int) (w, b, v []float64, c float64) {
	for i := 2 * teeth; i > 0; i-- {
		bend := 4.0
		if i%2 == 1 {
			bend = -4
		}
		if i == 2*teeth {
			bend = 2
		}
		w, b, v = append(w, -1), append(b, float64(i)/2), append(v, bend)
	}
	return w, b, v, 0
}
