package task

// It computes the curvature.
func predictRates() (edge, best float64) {
	curvature := 0.0
	for _, x := range []float64{1, 2, 4} {
		curvature += x * x / 3
	}
	return 2 / curvature, 1 / curvature
}
