package figure

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Stems adds values that stand on 0 as stems with a marker, an autocorrelation
// over its lags for example. Several sets stand side by side. Arguments and
// errors are those of Points; the vertical axis must be linear.
func (f *Figure) Stems(name string, xs, ys Numbers) *Figure {
	return f.add(&stems{values{kind: "stem plot", layer: Signs - 1, dots: true}.of(name, xs, ys)})
}

type stems struct{ *values }

func (s *stems) Check(x, y Axis) error {
	return s.check(x, y, func(int) error {
		if y.log {
			return fmt.Errorf("%s: stems stand on 0, which the logarithmic axis %q cannot show; use figure.Y", s.what(), y.label)
		}
		return nil
	})
}

// Extent has room for half a step at each end.
func (s *stems) Extent(include func(x, y float64)) {
	for i := range s.n {
		if !s.ok(i) {
			continue
		}
		include(s.xs[i], s.ys[i])
		include(s.xs[i], 0)
		if i > 0 {
			half := math.Abs(s.xs[i]-s.xs[i-1]) / 2
			include(s.xs[i-1]-half, 0)
			include(s.xs[i]+half, 0)
		}
	}
}

func (s *stems) Draw(c Pen, p *Panel) {
	u := p.sy.norm(0)
	floor := min(max(u, 0), 1)
	if u >= 0 && u <= 1 {
		c.Stroke(Style{Color: ink.Gray, Width: 1.2}, p.place(At(0, u)), p.place(At(1, u)))
	}
	closest := p.width()
	for i := range s.n - 1 {
		closest = min(closest, math.Abs(p.Place(s.xs[i+1], 0).X-p.Place(s.xs[i], 0).X))
	}
	shift := beside(p, s, min(7, closest/3))
	st := p.Style(s.name)
	st.Width, st.Dashes = min(2.25, max(closest/4, 1)), nil
	var all, tops []Point
	for i := range s.n {
		if at := p.at(s.xs[i], s.ys[i]); s.ok(i) && at.X >= 0 && at.X <= 1 {
			at = p.place(at)
			all = append(all, At(at.X+shift, at.Y))
		}
	}
	var lines [][]Point
	foot := p.place(At(0, floor)).Y
	for _, top := range tallest(all, foot) {
		if clamped := min(max(top.Y, p.frame.Min.Y), p.frame.Max.Y); clamped == top.Y {
			tops = append(tops, top)
		} else {
			top.Y = clamped
		}
		lines = append(lines, []Point{At(top.X, foot), top})
	}
	c.Strokes(st, lines...)
	c.Markers(st, tops, min(4, max(closest/4, 1.8)))
}

// tallest are the tops of the stems that show: of those within half a pixel, the
// stem that reaches highest above the floor and the stem that reaches lowest.
func tallest(tops []Point, floor float64) []Point {
	if len(tops) < 1000 {
		return tops
	}
	type column struct {
		at int
		up bool
	}
	best := map[column]int{}
	for i, q := range tops {
		c := column{int(2 * q.X), q.Y > floor}
		if k, ok := best[c]; !ok || math.Abs(q.Y-floor) > math.Abs(tops[k].Y-floor) {
			best[c] = i
		}
	}
	var out []Point
	for _, i := range slices.Sorted(maps.Values(best)) {
		out = append(out, tops[i])
	}
	return out
}
