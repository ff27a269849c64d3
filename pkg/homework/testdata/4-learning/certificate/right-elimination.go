package task

// It eliminates: c₂ = 1 fixes the others, scaled by 100.
func certificate(points [4][2]float64) (c [4]float64) {
	// With c₃ = −c₀ − c₁ − c₂: c₀(x₀ − x₃) + c₁(x₁ − x₃) = −(x₂ − x₃).
	d := func(i, k int) float64 { return points[i][k] - points[3][k] }
	det := d(0, 0)*d(1, 1) - d(1, 0)*d(0, 1)
	c[0] = 100 * (d(1, 0)*d(2, 1) - d(2, 0)*d(1, 1)) / det
	c[1] = 100 * (d(2, 0)*d(0, 1) - d(0, 0)*d(2, 1)) / det
	c[2] = 100
	c[3] = -c[0] - c[1] - c[2]
	return c
}
