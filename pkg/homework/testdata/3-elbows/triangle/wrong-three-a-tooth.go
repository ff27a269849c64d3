package task

// It closes each tooth before it opens the next, with three units a tooth.
// fails: three teeth
func triangle(teeth int) (w, b, v []float64, c float64) {
	for i := range teeth {
		at := float64(i)
		w = append(w, 1, 1, 1)
		b = append(b, -at, -at-0.5, -at-1)
		v = append(v, 2, -4, 2)
	}
	return w, b, v, 0
}
