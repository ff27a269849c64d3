package task

// Its numbers add up to 0, and no more.
// fails: five sets of four points
func certificate(points [4][2]float64) (c [4]float64) {
	for i := range 3 {
		c[i] = points[i][0]
		c[3] -= points[i][0]
	}
	return c
}
