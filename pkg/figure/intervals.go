package figure

import (
	"fmt"
	"slices"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// Intervals adds measured values with their intervals from lo to hi, a mean
// and its confidence interval for example. With xs nil they stand at 0, 1, 2, …,
// the categories of the axis if it has them, where several sets stand side by
// side. An interval of width 0 is none: its value is drawn alone. A value that is not finite is a cross at the upper border, and the
// legend says that it diverged. A value outside its interval is an error; an end
// that a logarithmic axis cannot show lies beyond its border.
func (f *Figure) Intervals(name string, xs, ys, lo, hi Numbers) *Figure {
	v := values{kind: "set of intervals", layer: Signs + 1, dots: true}.of(name, xs, ys)
	m := &intervals{v, v.copied("lower", lo), v.copied("upper", hi)}
	v.with(column{"lower", m.lo, "%d values but %d lower ends"}, column{"upper", m.hi, "%d values but %d upper ends"})
	return f.add(m)
}

type intervals struct {
	*values
	lo, hi []float64
}

func (m *intervals) Check(x, y Axis) error {
	return m.check(x, y, func(i int) error {
		if m.lo[i] > m.ys[i] || m.hi[i] < m.ys[i] {
			return fmt.Errorf("%s: y[%d] = %v is not between lo[%d] = %v and hi[%d] = %v",
				m.what(), i, m.ys[i], i, m.lo[i], i, m.hi[i])
		}
		return nil
	})
}

func (m *intervals) Extent(include func(x, y float64)) {
	m.values.Extent(include)
	for i := range m.n {
		if m.ok(i) {
			include(m.xs[i], m.lo[i])
			include(m.xs[i], m.hi[i])
		}
	}
}

func (m *intervals) obstacles(p *Panel) [][]Point {
	out := m.values.obstacles(p)
	for i := range m.lo {
		out = append(out, []Point{p.Place(m.xs[i], max(m.lo[i], p.sy.lo)), p.Place(m.xs[i], m.hi[i])})
	}
	return out
}

func (m *intervals) Draw(c Pen, p *Panel) {
	shift := 0.0
	if p.x.names != nil {
		shift = beside(p, m, min(16, p.width()/float64(len(p.x.names))/float64(1+p.curves)))
	}
	st := p.Style(m.name)
	st.Dashes = nil
	const cap = 5.0
	var lines [][]Point
	var markers []Point
	for i := range m.xs {
		u := p.sx.norm(m.xs[i])
		if u < 0 || u > 1 {
			continue
		}
		x := p.place(At(u, 0)).X + shift
		if !m.ok(i) {
			c.Cross(st, At(x, p.frame.Max.Y-8), 5.5)
			continue
		}
		end := func(v float64) (y float64, in bool) {
			u := 0.0
			if in = !p.sy.log || v >= tiny; in {
				u = p.sy.norm(v)
			}
			return p.place(At(0, min(max(u, 0), 1))).Y, in && u >= 0 && u <= 1
		}
		low, lowIn := end(m.lo[i])
		high, highIn := end(m.hi[i])
		if m.lo[i] == m.hi[i] {
			lowIn, highIn = false, false
		} else if low < high {
			lines = append(lines, []Point{At(x, low), At(x, high)})
		}
		if lowIn {
			lines = append(lines, []Point{At(x-cap, low), At(x+cap, low)})
		}
		if highIn {
			lines = append(lines, []Point{At(x-cap, high), At(x+cap, high)})
		}
		if at := At(0.5, p.sy.norm(m.ys[i])); unit.Has(at) {
			markers = append(markers, At(x, p.place(at).Y))
		}
	}
	c.Strokes(Style{Color: ink.Halo, Width: st.Width + 2.5}, lines...)
	c.Strokes(st, lines...)
	c.Markers(st, markers, 4.2)
}

// failed lists the places of the intervals without a finite value.
func (m *intervals) failed(p *Panel) []string {
	var out []string
	for i, x := range m.xs {
		switch {
		case m.ok(i):
		case p.x.names != nil:
			out = append(out, p.x.category(x))
		default:
			out = append(out, number(x))
		}
	}
	return out
}

func (m *intervals) Legend(p *Panel, e *Entry) {
	e.Marker, e.whisker = true, !slices.Equal(m.lo, m.hi)
	note := ""
	if bad := m.failed(p); len(bad) > 0 {
		note = "diverged at " + strings.Join(bad, ", ")
	}
	m.explain(p, e, note)
}

// Describe tells each value of a category, else the first and last.
func (m *intervals) Describe(p *Panel) string {
	value := func(i int) string {
		if m.lo[i] == m.hi[i] {
			return number(m.ys[i])
		}
		return fmt.Sprintf("%s (%s to %s)", number(m.ys[i]), number(m.lo[i]), number(m.hi[i]))
	}
	var parts []string
	if p.x.names == nil {
		first := 0
		for !m.ok(first) {
			first++
		}
		parts = append(parts, "from "+value(first)+" to "+value(m.n-1))
	} else {
		for i, x := range m.xs {
			if m.ok(i) {
				parts = append(parts, p.x.category(x)+" "+value(i))
			}
		}
	}
	if bad := m.failed(p); len(bad) > 0 {
		parts = append(parts, "diverged at "+strings.Join(bad, ", "))
	}
	return fmt.Sprintf("%s (values with intervals): %s", m.name, strings.Join(parts, ", "))
}
