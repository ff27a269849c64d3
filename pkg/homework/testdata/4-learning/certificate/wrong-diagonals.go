package task

// It looks for the two pairs whose segments cross, which there are not if a point is in the triangle of the others.
// fails: five sets of four points
// fails: many other sets
func certificate(points [4][2]float64) (c [4]float64) {
	for _, pair := range [][4]int{{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 3, 1, 2}} {
		p, q, r, s := points[pair[0]], points[pair[1]], points[pair[2]], points[pair[3]]
		ux, uy, vx, vy := q[0]-p[0], q[1]-p[1], s[0]-r[0], s[1]-r[1]
		det := ux*vy - uy*vx
		t := ((r[0]-p[0])*vy - (r[1]-p[1])*vx) / det
		k := ((r[0]-p[0])*uy - (r[1]-p[1])*ux) / det
		if t > 0 && t < 1 && k > 0 && k < 1 {
			c[pair[0]], c[pair[1]], c[pair[2]], c[pair[3]] = 1-t, t, k-1, -k
			return c
		}
	}
	return c
}
