package task

// It takes the heights of the wave for the output weights.
// fails: three teeth
func triangle(teeth int) (w, b, v []float64, c float64) {
	for i := range 2 * teeth {
		w, b, v = append(w, 1), append(b, -float64(i)/2), append(v, float64(i%2))
	}
	return w, b, v, 0
}
