package ink

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// Point is a place on the paper in CSS pixels, y up.
type Point struct{ X, Y float64 }

// VG is the point for gonum's canvas.
func (p Point) VG() vg.Point { return vg.Point{X: vg.Length(p.X), Y: vg.Length(p.Y)} }

// Sub is the way from q to p.
func (p Point) Sub(q Point) Point { return Point{p.X - q.X, p.Y - q.Y} }

// Length is the distance from the origin.
func (p Point) Length() float64 { return math.Hypot(p.X, p.Y) }

// Toward is the share t of the way from p to q.
func (p Point) Toward(q Point, t float64) Point {
	return Point{p.X + t*(q.X-p.X), p.Y + t*(q.Y-p.Y)}
}

// At is the point (x, y).
func At(x, y float64) Point { return Point{x, y} }

// Rect is a rectangle, the frame of a panel for example.
type Rect struct{ Min, Max Point }

// Has says whether a point lies in the rectangle or, to rounding, on its border.
func (r Rect) Has(p Point) bool {
	const slack = 1e-6
	return p.X >= r.Min.X-slack && p.X <= r.Max.X+slack && p.Y >= r.Min.Y-slack && p.Y <= r.Max.Y+slack
}

// Clip cuts the segment pq to the rectangle (Liang and Barsky, 1984). It
// reports false where nothing is left.
func (r Rect) Clip(p, q Point) (Point, Point, bool) {
	t0, t1 := 0.0, 1.0
	d := q.Sub(p)
	for _, e := range [4][2]float64{ // (−direction, distance) for each side
		{-d.X, p.X - r.Min.X}, {d.X, r.Max.X - p.X},
		{-d.Y, p.Y - r.Min.Y}, {d.Y, r.Max.Y - p.Y},
	} {
		switch t := e[1] / e[0]; {
		case e[0] == 0 && e[1] < 0:
			return p, q, false
		case e[0] < 0:
			t0 = max(t0, t)
		case e[0] > 0:
			t1 = min(t1, t)
		}
	}
	return p.Toward(q, t0), p.Toward(q, t1), t0 <= t1
}

// Decimate leaves out points that the eye would not miss. Every point of the
// given polyline lies within decimation of the one returned. Curves over an
// ascending x keep the first, lowest, highest and last point of each column
// of one pixel; then Douglas and Peucker's rule (1973) removes what lies on
// straight stretches.
func Decimate(pts []Point) []Point {
	return Peucker(Columns(pts, Column), Tolerance)
}

// sparse are the markers of a cloud: one in each square of the smallest grid that
// leaves at most cloud of them. Those left out lie within the others' reach.
func sparse(at []Point) []Point {
	for side := 1.0; ; side *= 1.25 {
		taken := map[[2]int]bool{}
		var out []Point
		for _, q := range at {
			if square := [2]int{int(q.X / side), int(q.Y / side)}; !taken[square] {
				taken[square] = true
				out = append(out, q)
			}
		}
		if at = out; len(at) <= cloud {
			return at
		}
	}
}

const (
	Tolerance  = 0.2 // pixels, about a tenth of a line's width
	Column     = 1.0
	decimation = Tolerance + Column
)

// Columns keeps of a curve over an ascending x, of 500 points or more, the first, lowest, highest and last point of each
// column of a width.
func Columns(pts []Point, column float64) []Point {
	if len(pts) < 500 {
		return pts
	}
	for i := range pts[1:] {
		if pts[i+1].X < pts[i].X {
			return pts // a trajectory, not a curve
		}
	}
	var out []Point
	for i := 0; i < len(pts); {
		low, high, end := i, i, i
		for end < len(pts) && pts[end].X < pts[i].X+column {
			if pts[end].Y < pts[low].Y {
				low = end
			}
			if pts[end].Y > pts[high].Y {
				high = end
			}
			end++
		}
		last := i - 1
		for _, k := range [4]int{i, min(low, high), max(low, high), end - 1} {
			if k > last {
				out = append(out, pts[k])
				last = k
			}
		}
		i = end
	}
	return out
}

// Peucker leaves out points within a tolerance of the line through the others (Douglas and Peucker, 1973).
func Peucker(pts []Point, tol float64) []Point {
	if len(pts) < 3 {
		return pts
	}
	keep := make([]bool, len(pts))
	keep[0], keep[len(pts)-1] = true, true
	var stretches [][2]int
	const longest = 4096 // the rule takes the square of it, at worst
	for from := 0; from < len(pts)-1; from += longest {
		to := min(from+longest, len(pts)-1)
		keep[to] = true
		stretches = append(stretches, [2]int{from, to})
	}
	for len(stretches) > 0 {
		s := stretches[len(stretches)-1]
		if stretches = stretches[:len(stretches)-1]; s[1]-s[0] < 2 {
			continue // no point lies between
		}
		far := farthest(pts, s[0], s[1], tol)
		if far > 0 {
			keep[far] = true
			stretches = append(stretches, [2]int{s[0], far}, [2]int{far, s[1]})
		}
	}
	var out []Point
	for i, p := range pts {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// farthest is the point between two of a line's that lies farthest from the segment which joins them; 0 if none lies farther than tol.
func farthest(pts []Point, from, to int, tol float64) int {
	a, d := pts[from], pts[to].Sub(pts[from])
	length := d.X*d.X + d.Y*d.Y
	far, worst := 0, tol*tol // squares, which need no root
	for i := from + 1; i < to; i++ {
		x, y := pts[i].X-a.X, pts[i].Y-a.Y
		if along := x*d.X + y*d.Y; along >= length { // beyond the end, or the segment is a point
			x, y = x-d.X, y-d.Y
		} else if along > 0 {
			t := along / length
			x, y = x-t*d.X, y-t*d.Y
		}
		if square := x*x + y*y; square > worst {
			far, worst = i, square
		}
	}
	return far
}
