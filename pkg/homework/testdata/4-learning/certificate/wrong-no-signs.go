package task

// It forgets that the areas alternate.
// fails: five sets of four points
func certificate(points [4][2]float64) (c [4]float64) {
	for i := range points {
		p, q, r := points[(i+1)%4], points[(i+2)%4], points[(i+3)%4]
		c[i] = (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0])
	}
	return c
}
