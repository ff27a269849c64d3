package figure

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

type point struct{ x, y float64 }

func (p point) vg() vg.Point      { return vg.Point{X: vg.Length(p.x), Y: vg.Length(p.y)} }
func (p point) sub(q point) point { return point{p.x - q.x, p.y - q.y} }
func (p point) length() float64   { return math.Hypot(p.x, p.y) }
func (p point) toward(q point, t float64) point {
	return point{p.x + t*(q.x-p.x), p.y + t*(q.y-p.y)}
}

// rect is the frame of a panel.
type rect struct{ min, max point }

func (r rect) has(p point) bool {
	const slack = 1e-6
	return p.x >= r.min.x-slack && p.x <= r.max.x+slack && p.y >= r.min.y-slack && p.y <= r.max.y+slack
}

// clip cuts the segment pq to the rectangle (Liang and Barsky, 1984). It
// reports false where nothing is left.
func (r rect) clip(p, q point) (point, point, bool) {
	t0, t1 := 0.0, 1.0
	d := q.sub(p)
	for _, e := range [4][2]float64{ // (−direction, distance) for each side
		{-d.x, p.x - r.min.x}, {d.x, r.max.x - p.x},
		{-d.y, p.y - r.min.y}, {d.y, r.max.y - p.y},
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
	return p.toward(q, t0), p.toward(q, t1), t0 <= t1
}

// decimate leaves out points that the eye would not miss. Every point of the
// given polyline lies within decimation of the one returned. Curves over an
// ascending x keep the first, lowest, highest and last point of each column
// of one pixel; then Douglas and Peucker's rule (1973) removes what lies on
// straight stretches.
func decimate(pts []point) []point {
	return peucker(columns(pts, column), tolerance)
}

// sparse are the markers of a cloud: one in each square of the smallest grid that
// leaves at most cloud of them. Those left out lie within the others' reach.
func sparse(at []point) []point {
	for side := 1.0; ; side *= 1.25 {
		taken := map[[2]int]bool{}
		var out []point
		for _, q := range at {
			if square := [2]int{int(q.x / side), int(q.y / side)}; !taken[square] {
				taken[square] = true
				out = append(out, q)
			}
		}
		if at = out; len(at) <= cloud {
			return at
		}
	}
}

// tallest are the tops of the stems that show: of those within half a pixel, the
// one that reaches highest above the floor and the one that reaches lowest.
func tallest(tops []point, floor float64) []point {
	if len(tops) < 1000 {
		return tops
	}
	type column struct {
		at int
		up bool
	}
	best := map[column]int{}
	for i, q := range tops {
		c := column{int(2 * q.x), q.y > floor}
		if k, ok := best[c]; !ok || math.Abs(q.y-floor) > math.Abs(tops[k].y-floor) {
			best[c] = i
		}
	}
	var out []point
	for _, i := range slices.Sorted(maps.Values(best)) {
		out = append(out, tops[i])
	}
	return out
}

const (
	tolerance  = 0.2 // pixels, about a tenth of a line's width
	column     = 1.0
	decimation = tolerance + column
)

func columns(pts []point, column float64) []point {
	if len(pts) < 500 {
		return pts
	}
	for i := range pts[1:] {
		if pts[i+1].x < pts[i].x {
			return pts // a trajectory, not a curve
		}
	}
	var out []point
	for i := 0; i < len(pts); {
		low, high, end := i, i, i
		for end < len(pts) && pts[end].x < pts[i].x+column {
			if pts[end].y < pts[low].y {
				low = end
			}
			if pts[end].y > pts[high].y {
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

func peucker(pts []point, tol float64) []point {
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
		stretches = stretches[:len(stretches)-1]
		far, worst := 0, tol
		for i := s[0] + 1; i < s[1]; i++ {
			if d := distance(pts[i], pts[s[0]], pts[s[1]]); d > worst {
				far, worst = i, d
			}
		}
		if far > 0 {
			keep[far] = true
			stretches = append(stretches, [2]int{s[0], far}, [2]int{far, s[1]})
		}
	}
	var out []point
	for i, p := range pts {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// distance of p from the segment ab.
func distance(p, a, b point) float64 {
	d := b.sub(a)
	t := 0.0
	if n := d.x*d.x + d.y*d.y; n > 0 {
		t = ((p.x-a.x)*d.x + (p.y-a.y)*d.y) / n
	}
	return p.sub(a.toward(b, min(max(t, 0), 1))).length()
}
