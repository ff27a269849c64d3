package figure

import (
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Path adds a trajectory in the plane of the two axes: point t is
// (xs[t], ys[t]). Its start is marked. If it leaves the frame for good it ends
// in an arrow at the border and its name says at which step; if it leaves the
// finite numbers its name says "diverged at step t" (claim G4). Errors are those of Line, but that an x may not be finite.
func (f *Figure) Path(name string, xs, ys Numbers) *Figure {
	return f.add(&path{values{kind: "path", layer: Paths, run: true, joined: true, plane: true}.of(name, xs, ys)})
}

// Trajectory is Path through the points of a plane, such as the θ that a run recorded. Points of fewer than two
// numbers are gaps.
func (f *Figure) Trajectory(name string, points [][]float64) *Figure {
	return f.Path(name, Coordinate(points, 0), Coordinate(points, 1))
}

type path struct{ *values }

// around is the start of the path.
func (m *path) around() ([]Point, float64) {
	if first := slices.IndexFunc(m.xs, finite); m.ok(first) {
		return []Point{At(m.xs[first], m.ys[first])}, 1.25
	}
	return nil, 0
}

// center is where the path ends, if it does.
func (m *path) center() (Point, bool) { return At(m.xs[m.n-1], m.ys[m.n-1]), !m.diverged() }

const (
	apartMarkers = 9.0
	crowd        = 150
)

// crowded says whether a path has too many markers to show. A walk of many steps, SGD's around the optimum say, is a thin
// line: a marker on each would hide it.
func (m *path) crowded(p *Panel) bool { return len(m.markers(p, apartMarkers)) > crowd }

func (m *path) Draw(c Pen, p *Panel) {
	st := p.Style(m.name)
	st.Dashes = nil // its markers tell it apart
	var lines [][]Point
	for _, l := range p.stretch(m.values).lines {
		lines = append(lines, ink.Decimate(p.placeAll(l)))
	}
	at := m.markers(p, apartMarkers)
	if len(at) > crowd || p.thin[m.name] {
		st.Width, at = 1.2, nil
	} else {
		for _, l := range lines {
			c.Stroke(Style{Color: ink.Halo, Width: st.Width + 2.5}, l...)
		}
	}
	for _, l := range lines {
		c.Stroke(st, l...)
	}
	for _, q := range at {
		c.Marker(st, q, 3.2)
	}
}

func (m *path) drawEnd(c Pen, p *Panel) {
	m.values.drawEnd(c, p)
	if at := p.at(m.xs[0], m.ys[0]); m.ok(0) && unit.Has(at) {
		c.Ring(p.place(at))
	}
}

func (m *path) Legend(p *Panel, e *Entry) {
	e.Marker, p.starts = true, true
	m.values.Legend(p, e)
}
