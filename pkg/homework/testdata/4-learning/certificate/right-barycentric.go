package task

// The last point is a mix of the three others, whose parts add up to 1.
func certificate(points [4][2]float64) (c [4]float64) {
	a, b, p, q := points[0], points[1], points[2], points[3]
	det := (b[1]-p[1])*(a[0]-p[0]) + (p[0]-b[0])*(a[1]-p[1])
	c[0] = ((b[1]-p[1])*(q[0]-p[0]) + (p[0]-b[0])*(q[1]-p[1])) / det
	c[1] = ((p[1]-a[1])*(q[0]-p[0]) + (a[0]-p[0])*(q[1]-p[1])) / det
	c[2] = 1 - c[0] - c[1]
	c[3] = -1
	return c
}
