package task

// It adds up the three functions that are 0 at two points and 1 at the third.
func separate(points [3][2]float64, labels [3]float64) (w [2]float64, b float64) {
	for i := range points {
		p, q, r := points[i], points[(i+1)%3], points[(i+2)%3]
		nx, ny := q[1]-r[1], r[0]-q[0]
		at := nx*(p[0]-q[0]) + ny*(p[1]-q[1])
		w[0] += labels[i] * nx / at
		w[1] += labels[i] * ny / at
		b -= labels[i] * (nx*q[0] + ny*q[1]) / at
	}
	return w, b
}
