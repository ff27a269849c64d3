package task

// Its first bend is as large as the others.
// fails: one tooth
func triangle(teeth int) (w, b, v []float64, c float64) {
	for i := range 2 * teeth {
		w, b, v = append(w, 1), append(b, -float64(i)/2), append(v, 4*float64(1-2*(i%2)))
	}
	return w, b, v, 0
}
