package figure

import (
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Arrows adds a set of arrows in the plane of the two axes: arrow i goes from
// (xs[i], ys[i]) to (xs[i]+dxs[i], ys[i]+dys[i]). Where xs and ys have one
// value, all start there: the steps −η∇ℓᵢ(θ) that the examples ask for at one
// point θ, which balance at the optimum (lecture, Fig. 1) and are unbalanced
// for a batch (Fig. 2).
//
// An arrow that is not finite is left out, one whose tip lies outside the frame
// is cut at the border and has no head; the legend says how many. Different
// lengths, or no finite arrow, are errors.
func (f *Figure) Arrows(name string, xs, ys, dxs, dys Numbers) *Figure {
	return f.add(arrowsOf(values{kind: "set of arrows", layer: Darts, plane: true}.of(name, xs, ys), dxs, dys))
}

// Resultant adds one thick arrow from (x, y) to (x+dx, y+dy), above the others:
// what they come to together. Where that is nothing that the eye could see, it
// is a ring around (x, y).
func (f *Figure) Resultant(name string, x, y, dx, dy float64) *Figure {
	m := arrowsOf(values{kind: "resultant", layer: Darts + 1, plane: true}.of(name, []float64{x}, []float64{y}), []float64{dx}, []float64{dy})
	m.thick = true
	return f.add(m)
}

// arrows have their tails in xs and ys.
type arrows struct {
	*values
	tips  [2][]float64
	thick bool
}

func arrowsOf(v *values, dxs, dys Numbers) *arrows {
	m := &arrows{values: v}
	dx, dy := v.copied("dx", dxs), v.copied("dy", dys)
	n := len(dx)
	if v.err == nil && (len(dy) != n || len(v.xs) != len(v.ys) || len(v.xs) != n && len(v.xs) != 1) {
		v.err = fmt.Errorf("%s: %d and %d starts, but %d and %d displacements",
			v.what(), len(v.xs), len(v.ys), n, len(dy))
	}
	if v.err != nil {
		return m
	}
	if len(v.xs) != n {
		v.xs, v.ys = slices.Repeat(v.xs, n), slices.Repeat(v.ys, n)
	}
	for i := range n {
		m.tips[0], m.tips[1] = append(m.tips[0], v.xs[i]+dx[i]), append(m.tips[1], v.ys[i]+dy[i])
	}
	v.with(column{name: "x of the tip", values: m.tips[0]}, column{name: "y of the tip", values: m.tips[1]})
	return m
}

// around is where the arrows begin and end.
func (m *arrows) around() (pts []Point, room float64) {
	for i := range m.n {
		if m.ok(i) {
			pts = append(pts, At(m.xs[i], m.ys[i]), m.tip(i))
		}
	}
	return pts, 1.15
}

// Sizes of an arrow in CSS pixels. Many arrows are thinner.
const (
	shaft, manyShaft, thickShaft = 1.8, 1.0, 4.5
	many                         = 60
	visible                      = 3.0 // a shorter resultant is shown as nothing
)

func (m *arrows) shaft() float64 {
	switch {
	case m.thick:
		return thickShaft
	case len(m.xs) > many:
		return manyShaft
	}
	return shaft
}

// tip is where arrow i ends.
func (m *arrows) tip(i int) Point { return At(m.tips[0][i], m.tips[1][i]) }

// Draw draws all arrows of a set as one: first a white rim around
// them, which sets them off from what lies below.
func (m *arrows) Draw(c Pen, p *Panel) {
	st := p.Style(m.name)
	st.Width, st.Dashes = m.shaft(), nil
	var darts []ink.Dart
	for i := range m.n {
		if !m.ok(i) {
			continue
		}
		from, to := p.at(m.xs[i], m.ys[i]), p.at(m.tip(i).X, m.tip(i).Y)
		a, b, ok := unit.Clip(from, near(from, to))
		if !ok {
			continue
		}
		d := ink.Dart{Tail: p.place(a), Tip: p.place(b), Head: unit.Has(to)}
		if m.thick && d.Tip.Sub(d.Tail).Length() < visible {
			c.Circle(Style{Color: ink.White, Width: thickShaft + 2.5}, d.Tail, 12)
			c.Circle(Style{Color: st.Color, Width: thickShaft - 1}, d.Tail, 12)
			continue
		}
		darts = append(darts, d)
	}
	c.Darts(st, darts)
}

// outside counts the arrows that end beyond the frame.
func (m *arrows) outside(p *Panel) int {
	n := 0
	for i := range m.n {
		if m.ok(i) && !unit.Has(p.at(m.tip(i).X, m.tip(i).Y)) {
			n++
		}
	}
	return n
}

// note says which arrows cannot be seen as they are.
func (m *arrows) note(p *Panel) string {
	lost := 0
	for i := range m.xs {
		if !m.ok(i) {
			lost++
		}
	}
	note := ""
	if lost > 0 {
		note = fmt.Sprintf("%d not finite", lost)
	}
	switch n := m.outside(p); {
	case n == 0:
	case n == len(m.xs):
		note = "ends outside"
		if n > 1 {
			note = "all end outside"
		}
	case note != "":
		note += fmt.Sprintf(", %d end outside", n)
	default:
		note = fmt.Sprintf("%d of %d end outside", n, len(m.xs))
	}
	return note
}

// describe tells lengths, and the sum because that is what such a picture is for.
func (m *arrows) describe() string {
	short, long := math.Inf(1), 0.0
	var sum Point
	n, first := 0, -1
	together := true
	for i := range m.n {
		if !m.ok(i) {
			continue
		}
		if first < 0 {
			first = i
		}
		d := m.tip(i).Sub(At(m.xs[i], m.ys[i]))
		sum = At(sum.X+d.X, sum.Y+d.Y)
		short, long = min(short, d.Length()), max(long, d.Length())
		together = together && m.xs[i] == m.xs[first] && m.ys[i] == m.ys[first]
		n++
	}
	from := ""
	if together {
		from = fmt.Sprintf(" from (%s, %s)", number(m.xs[first]), number(m.ys[first]))
	}
	if m.thick || n == 1 {
		tip := m.tip(first)
		return fmt.Sprintf("%s (arrow):%s to (%s, %s), of length %s", m.name, from, number(tip.X), number(tip.Y), number(long))
	}
	return fmt.Sprintf("%s (%d arrows):%s of lengths %s to %s, their sum (%s, %s)", m.name, n, from,
		number(short), number(long), number(sum.X), number(sum.Y))
}

func (m *arrows) Legend(p *Panel, e *Entry) {
	e.arrow = true
	e.Style.Width = m.shaft()
	m.explain(p, e, m.note(p))
}

func (m *arrows) Describe(p *Panel) string {
	text := m.describe()
	if n := m.note(p); n != "" {
		text += ", " + n
	}
	return text
}
