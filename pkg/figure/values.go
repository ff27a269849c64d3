package figure

import (
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// values is what the marks share that show numbers over numbers. n is the number of values up to the last finite
// one: the rest, if any, has diverged, or is 0 on a logarithmic axis.
type values struct {
	kind, name string // the kind as words call it
	layer      int
	group      int
	xs, ys     []float64
	also       []column
	theory     bool                    // not measured
	run        bool                    // can diverge
	joined     bool                    // by a line, so that it can leave the frame
	plane      bool                    // lives in a plane of two parameters
	dots       bool                    // needs room beside its first and last value
	whole      bool                    // shown as a whole, however much it grows
	beyond     bool                    // what a logarithmic axis cannot show lies beyond its border
	f          func(x float64) float64 // that is to be drawn over the whole horizontal axis
	n          int
	zero       bool
	err        error // of what was given
}

// column is what else belongs to each value: where one is not finite, the value is not drawn.
type column struct {
	name     string // in a table
	values   []float64
	mismatch string // says what is wrong with another length
}

// of sets what was given. With xs nil it is 0, 1, 2, ….
func (v values) of(name string, xs, ys Numbers) *values {
	v.name = name
	v.xs = v.copied("x", xs)
	if f, ok := ys.(func(x float64) float64); ok {
		v.compute(f, v.xs)
	} else if v.ys = v.copied("y", ys); v.xs == nil {
		v.xs = make([]float64, len(v.ys))
		for i := range v.xs {
			v.xs[i] = float64(i)
		}
	}
	return &v
}

// copied are numbers as they were given; a mistake is kept for Check.
func (v *values) copied(what string, n Numbers) []float64 {
	out, err := floatsOf(n)
	if err != nil && v.err == nil {
		v.err = fmt.Errorf("%s: the %s values: %w", v.what(), what, err)
	}
	return out
}

// with adds columns.
func (v *values) with(columns ...column) *values {
	v.also = columns
	return v
}

// compute sets the values of a function at xs, which it does later if there are none yet.
func (v *values) compute(f func(x float64) float64, xs []float64) {
	switch {
	case v.err != nil:
	case f == nil:
		v.err = fmt.Errorf("%s: the function is nil", v.what())
	case xs == nil && (!v.joined || v.plane):
		v.err = fmt.Errorf("%s: a function needs the xs at which to compute it, such as figure.Between(0, 1)", v.what())
	case xs == nil:
		v.f = f
	default:
		v.xs, v.ys = xs, make([]float64, len(xs))
		v.err = call(fmt.Sprintf("%s %q", v.kind, v.name), func() {
			for i, x := range xs {
				v.ys[i] = f(x)
			}
		})
	}
}

// over is a mark of the function's values between the ends of an axis. It has the mistakes of Line.
func (v values) over(x, y Axis, s scale) (*values, error) {
	xs := make([]float64, fine)
	for i := range xs {
		xs[i] = min(max(s.at(float64(i)/(fine-1)), s.lo), s.hi)
	}
	f := v.f
	v.f = nil
	v.compute(f, xs)
	return &v, v.check(x, y, nil)
}

func (v *values) base() *values                           { return v }
func (v *values) Name() string                            { return v.name }
func (v *values) Layer() int                              { return v.layer }
func (v *values) Draw(Pen, *Panel)                        {}
func (v *values) around() ([]Point, float64)              { return nil, 0 }
func (v *values) center() (Point, bool)                   { return Point{}, false }
func (v *values) settle(*Panel, *common) (colored, error) { return nil, nil }
func (v *values) what() string                            { return fmt.Sprintf("figure: %s %q", v.kind, v.name) }

// ok says whether value i can be drawn.
func (v *values) ok(i int) bool {
	all := finite(v.xs[i]) && finite(v.ys[i])
	for _, c := range v.also {
		all = all && finite(c.values[i])
	}
	return all
}

func (v *values) Check(x, y Axis) error { return v.check(x, y, nil) }

// check finds the first mistake; own finds those of the mark's own in value i.
func (v *values) check(x, y Axis, own func(i int) error) error {
	what := v.what()
	switch {
	case v.err != nil:
		return v.err
	case v.name == "":
		return fmt.Errorf("figure: a %s has no name; the legend needs one", v.kind)
	case v.f != nil && x.names != nil:
		return fmt.Errorf("%s: the axis %q has categories, over which no function can be drawn", what, x.label)
	case len(v.xs) != len(v.ys):
		return fmt.Errorf("%s: %d x values but %d y values", what, len(v.xs), len(v.ys))
	}
	for _, c := range v.also {
		if len(c.values) != len(v.ys) {
			return fmt.Errorf("%s: "+c.mismatch, what, len(v.ys), len(c.values))
		}
	}
	switch {
	case len(v.ys) == 0 && v.f == nil:
		return fmt.Errorf("%s has no data", what)
	case y.names != nil:
		return fmt.Errorf("%s: the vertical axis %q has categories, on which only Heat can be drawn", what, y.label)
	case v.plane && !v.joined && !(x.linear() && y.linear()):
		return fmt.Errorf("%s needs two linear axes", what)
	case v.f != nil:
		return nil // over says what is wrong
	}
	for i := range v.ys {
		if v.ok(i) {
			v.n = i + 1
		}
		if own != nil {
			if err := own(i); err != nil {
				return err
			}
		}
		if !v.plane && !finite(v.xs[i]) {
			return fmt.Errorf("%s: x[%d] = %v is not finite", what, i, v.xs[i])
		}
		if x.names != nil && !x.holds(v.xs[i]) && !math.IsNaN(v.xs[i]) {
			return fmt.Errorf("%s: x[%d] = %v, but the axis %q has the categories 0 to %d", what, i, v.xs[i], x.label, len(x.names)-1)
		}
	}
	if v.n == 0 {
		return fmt.Errorf("%s has no finite value to draw", what)
	}
	return v.checkLog(x, y)
}

// checkLog finds what logarithmic axes cannot show, but for the zeros in which a run ends and those that are no bar.
func (v *values) checkLog(x, y Axis) error {
	if y.log && v.joined && !v.plane && v.n == len(v.ys) {
		for v.n > 1 && v.ys[v.n-1] >= 0 && v.ys[v.n-1] < tiny {
			v.n--
			v.zero = true
		}
	}
	cannot := func(of string, i int, value float64, a Axis, instead string) error {
		return fmt.Errorf("%s: %s[%d] = %v, which the logarithmic axis %q cannot show; use %s or leave the point out",
			v.what(), of, i, value, a.label, instead)
	}
	for i := range v.n {
		if x.log && v.xs[i] < tiny {
			return cannot("x", i, v.xs[i], x, "figure.X")
		}
		if y.log && v.ys[i] < tiny && !v.beyond && !(v.ys[i] == 0 && v.kind == histogram) {
			return cannot("y", i, v.ys[i], y, "figure.Y")
		}
	}
	return nil
}

// diverged says whether a run leaves the finite numbers for good.
func (v *values) diverged() bool { return v.run && v.n < len(v.ys) && !v.zero }

// away says whether a run diverges, or grows a thousandfold.
func (v *values) away() bool {
	first := slices.IndexFunc(v.ys, finite)
	return v.run && !v.whole && (v.diverged() || math.Abs(v.ys[v.n-1]) > 1000*math.Abs(v.ys[first]) && v.ys[first] != 0)
}

func (v *values) Extent(include func(x, y float64)) {
	for i := range v.n {
		if v.ok(i) {
			include(v.xs[i], v.ys[i])
		}
	}
}

// places are the values that can be drawn, as points.
func (v *values) places() (pts []Point) {
	v.Extent(func(x, y float64) { pts = append(pts, At(x, y)) })
	return pts
}

func (v *values) obstacles(p *Panel) [][]Point {
	var out [][]Point
	for _, l := range p.stretch(v).lines {
		out = append(out, ink.Columns(p.placeAll(l), 1))
	}
	return out
}

// explain names how the values end in their entry, or else the note.
func (v *values) explain(p *Panel, e *Entry, note string) {
	way := p.stretch(v)
	e.at = way.last.Y
	if n := p.note(v, way.left); n != "" && (p.flat || v.zero || p.noted[v.name]) {
		note = n
	}
	if note != "" {
		e.Text = v.name + ": " + note
	}
}

// Legend shows a line for what is joined, and a marker for what is not.
func (v *values) Legend(p *Panel, e *Entry) {
	e.Line, e.Marker = e.Line || v.joined, e.Marker || v.dots
	v.explain(p, e, "")
}

func (v *values) Describe(p *Panel) string {
	return v.describe(p, func(i int) string {
		if p.flat {
			return fmt.Sprintf("(%s, %s)", number(v.xs[i]), number(v.ys[i]))
		}
		return number(v.ys[i])
	})
}

// describe tells the first and the last value.
func (v *values) describe(p *Panel, value func(i int) string) string {
	first := 0
	for !v.ok(first) {
		first++
	}
	text := fmt.Sprintf("%s (%s): from %s to %s", v.name, v.kind, value(first), value(v.n-1))
	if len(v.ys) == 1 {
		text = fmt.Sprintf("%s (%s): %s", v.name, v.kind, value(0))
	}
	if n := p.note(v, p.stretch(v).left); n != "" {
		text += ", " + n
	}
	return text
}

// drawEnd marks how a run ends: in an arrow where it leaves the frame, in a cross where it diverged.
func (v *values) drawEnd(c Pen, p *Panel) {
	if !v.run {
		return
	}
	way, st := p.stretch(v), p.Style(v.name)
	switch {
	case way.left >= 0:
		c.Arrow(st, p.place(way.tip), At(way.dir.X*p.width(), way.dir.Y*p.height()))
	case v.diverged() && len(way.lines) > 0:
		c.Cross(st, p.place(way.last), 5.5)
	}
}

// markers are the places of the values in the frame, without those nearer
// than apart to the one before.
func (v *values) markers(p *Panel, apart float64) []Point {
	var out []Point
	for i := range v.n {
		if !v.ok(i) {
			continue
		}
		u := p.at(v.xs[i], v.ys[i])
		if !unit.Has(u) {
			continue
		}
		at := p.place(u)
		if n := len(out); n == 0 || at.Sub(out[n-1]).Length() >= apart {
			out = append(out, at)
		}
	}
	return out
}

// note says how a series ends, if not in the frame.
func (p *Panel) note(v *values, left int) string {
	where := func(i int) string {
		switch {
		case p.x.names != nil:
			return p.x.category(v.xs[i])
		case v.joined && v.plane:
			return "step " + number(float64(i))
		case p.x.label == "" || startsWithStep(p.x.label):
			return "step " + number(v.xs[i])
		}
		return number(v.xs[i])
	}
	switch {
	case v.zero:
		return "0 from " + where(v.n)
	case v.diverged() && left >= 0:
		return "leaves at " + where(left) + ", diverged at " + where(v.n)
	case v.diverged():
		return "diverged at " + where(v.n)
	case left >= 0:
		return "leaves at " + where(left)
	}
	return ""
}

func startsWithStep(label string) bool {
	return len(label) >= 4 && (label[:4] == "step" || label[:4] == "Step")
}

// stretch is how far values are drawn: their polylines in the unit square, cut
// at the frame; and how they end.
type stretch struct {
	lines [][]Point
	left  int   // index of the value with which a run leaves for good, or −1
	tip   Point // where it leaves, and in which direction
	dir   Point
	last  Point // the last value drawn
}

// stretch follows the values, breaking at gaps, up to the one after which a
// run never comes back into the frame. A curve that runs past the limits
// of the horizontal axis is merely cut.
func (p *Panel) stretch(v *values) stretch {
	way, ok := p.drawn[v]
	if !ok {
		way = p.follow(v)
		p.drawn[v] = way
	}
	return way
}

func (p *Panel) follow(v *values) stretch {
	out := stretch{left: -1}
	pts, ok, inside := make([]Point, v.n), make([]bool, v.n), make([]bool, v.n)
	for i := range pts {
		if ok[i] = v.ok(i); ok[i] {
			pts[i] = p.at(v.xs[i], v.ys[i])
			inside[i] = unit.Has(pts[i])
		}
	}
	past := func(i int) bool {
		return !(v.joined && v.plane) && ok[i] && (pts[i].X < -1e-9 || pts[i].X > 1+1e-9)
	}
	stop := v.n
	for stop > 0 && !inside[stop-1] && !past(stop-1) {
		stop--
	}
	if stop > 0 && stop < v.n && !past(stop-1) && ok[stop] && v.joined {
		out.left = stop
		stop++
	}
	cur := make([]Point, 0, stop)
	flush := func() {
		if len(cur) > 0 {
			out.lines = append(out.lines, cur)
		}
		cur = nil
	}
	for i := range stop {
		if !ok[i] {
			flush()
			continue
		}
		if inside[i] {
			out.last = pts[i]
		}
		if i == 0 || !ok[i-1] {
			if inside[i] {
				cur = append(cur, pts[i])
			}
			continue
		}
		a, b, visible := pts[i-1], pts[i], true
		if !inside[i-1] || !inside[i] {
			a, b, visible = unit.Clip(a, near(a, b))
		}
		if !visible {
			flush()
			continue
		}
		if len(cur) == 0 {
			cur = []Point{a}
		}
		cur = append(cur, b)
		if !inside[i] {
			flush()
		}
		if i == out.left {
			out.tip, out.last = b, b
			out.dir = near(pts[i-1], pts[i]).Sub(pts[i-1])
		}
	}
	flush()
	return out
}

// near pulls a point that lies absurdly far away (10³⁰⁰ is one step before
// Inf) along its direction, to where differences still have digits.
func near(from, to Point) Point {
	const far = 1e6
	d := At(to.X/2-from.X/2, to.Y/2-from.Y/2)
	if n := max(math.Abs(d.X), math.Abs(d.Y)); n > far {
		return At(from.X+d.X/n*far, from.Y+d.Y/n*far)
	}
	return to
}

func finite(v float64) bool { return v-v == 0 }
