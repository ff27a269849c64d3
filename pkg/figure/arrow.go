package figure

import (
	"fmt"
	"math"

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
func (f *Figure) Arrows(name string, xs, ys, dxs, dys []float64) *Figure {
	return f.addArrows(&series{kind: arrows, name: name, xs: xs, ys: ys}, dxs, dys)
}

// Resultant adds one thick arrow from (x, y) to (x+dx, y+dy), above the others:
// what they come to together. Where that is nothing that the eye could see, it
// is a ring around (x, y).
func (f *Figure) Resultant(name string, x, y, dx, dy float64) *Figure {
	s := &series{kind: resultant, name: name, xs: []float64{x}, ys: []float64{y}}
	return f.addArrows(s, []float64{dx}, []float64{dy})
}

func (f *Figure) addArrows(s *series, dxs, dys []float64) *Figure {
	f = f.made()
	n := len(dxs)
	if len(dys) != n || len(s.xs) != len(s.ys) || len(s.xs) != n && len(s.xs) != 1 {
		f.fail(fmt.Errorf("figure: %v %q: %d and %d starts, but %d and %d displacements",
			s.kind, s.name, len(s.xs), len(s.ys), n, len(dys)))
		return f
	}
	xs, ys := make([]float64, n), make([]float64, n)
	s.x2, s.hi = make([]float64, n), make([]float64, n)
	for i := range n {
		from := min(i, len(s.xs)-1)
		xs[i], ys[i] = s.xs[from], s.ys[from]
		s.x2[i], s.hi[i] = xs[i]+dxs[i], ys[i]+dys[i]
	}
	s.xs, s.ys = xs, ys
	return f.add(s)
}

// Ellipse adds an ellipse around (x, y) with the semi-axes a and b, the first
// at the angle in radians from the horizontal axis, counter-clockwise: the
// stationary covariance of SGD, say (claim S7). It was not measured, so it
// looks like Theory, but lies above the paths. A semi-axis may be 0.
func (f *Figure) Ellipse(name string, x, y, a, b, angle float64) *Figure {
	f = f.made()
	if !finite(x) || !finite(y) || !finite(angle) || !(a >= 0) || !(b >= 0) || math.IsInf(a+b, 0) {
		f.fail(fmt.Errorf("figure: ellipse %q: around (%v, %v), semi-axes %v and %v, angle %v: "+
			"all must be finite and no semi-axis negative", name, x, y, a, b, angle))
	}
	s := &series{kind: ellipse, name: name}
	s.detail = fmt.Sprintf("ellipse around (%s, %s) with semi-axes %s and %s, the first at %s°",
		number(x), number(y), number(a), number(b), number(angle*180/math.Pi))
	const corners = 240
	sin, cos := math.Sincos(angle)
	for i := range corners + 1 {
		v, u := math.Sincos(2 * math.Pi * float64(i) / corners)
		s.xs = append(s.xs, x+a*u*cos-b*v*sin)
		s.ys = append(s.ys, y+a*u*sin+b*v*cos)
	}
	return f.add(s)
}

// Sizes of an arrow in CSS pixels. Many arrows are thinner.
const (
	shaft, manyShaft, thickShaft = 1.8, 1.0, 4.5
	many                         = 60
	visible                      = 3.0 // a shorter resultant is shown as nothing
)

func (s *series) shaft() float64 {
	switch {
	case s.kind == resultant:
		return thickShaft
	case len(s.xs) > many:
		return manyShaft
	}
	return shaft
}

// tip is where arrow i ends; a point has its own place for a tip.
func (s *series) tip(i int) ink.Point {
	if s.x2 == nil {
		return ink.At(s.xs[i], s.ys[i])
	}
	return ink.At(s.x2[i], s.hi[i])
}

// drawArrows draws all arrows of a series as one: first a white rim around
// them, which sets them off from what lies below.
func (p *panel) drawArrows(c ink.Pen, s *series, st ink.Style) {
	st.Width, st.Dashes = s.shaft(), nil
	unit := ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}
	var darts []ink.Dart
	for i := range s.n {
		if !s.ok(i) {
			continue
		}
		from, to := p.at(s.xs[i], s.ys[i]), p.at(s.tip(i).X, s.tip(i).Y)
		a, b, ok := unit.Clip(from, near(from, to))
		if !ok {
			continue
		}
		d := ink.Dart{Tail: p.place(a), Tip: p.place(b), Head: unit.Has(to)}
		if s.kind == resultant && d.Tip.Sub(d.Tail).Length() < visible {
			c.Circle(ink.Style{Color: ink.White, Width: thickShaft + 2.5}, d.Tail, 12)
			c.Circle(ink.Style{Color: st.Color, Width: thickShaft - 1}, d.Tail, 12)
			continue
		}
		darts = append(darts, d)
	}
	c.Darts(st, darts)
}

// outside counts the arrows that end beyond the frame.
func (p *panel) outside(s *series) int {
	n := 0
	for i := range s.n {
		if s.ok(i) && !(ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}).Has(p.at(s.tip(i).X, s.tip(i).Y)) {
			n++
		}
	}
	return n
}

// arrowNote says which arrows cannot be seen as they are.
func (p *panel) arrowNote(s *series) string {
	lost := 0
	for i := range s.xs {
		if !s.ok(i) {
			lost++
		}
	}
	note := ""
	if lost > 0 {
		note = fmt.Sprintf("%d not finite", lost)
	}
	switch n := p.outside(s); {
	case n == 0:
	case n == len(s.xs):
		note = "ends outside"
		if n > 1 {
			note = "all end outside"
		}
	case note != "":
		note += fmt.Sprintf(", %d end outside", n)
	default:
		note = fmt.Sprintf("%d of %d end outside", n, len(s.xs))
	}
	return note
}

// describeArrows tells lengths and, as it is what such a picture is for, the sum.
func (p *panel) describeArrows(s *series) string {
	short, long := math.Inf(1), 0.0
	var sum ink.Point
	n, first := 0, -1
	together := true
	for i := range s.n {
		if !s.ok(i) {
			continue
		}
		if first < 0 {
			first = i
		}
		d := s.tip(i).Sub(ink.At(s.xs[i], s.ys[i]))
		sum = ink.At(sum.X+d.X, sum.Y+d.Y)
		short, long = min(short, d.Length()), max(long, d.Length())
		together = together && s.xs[i] == s.xs[first] && s.ys[i] == s.ys[first]
		n++
	}
	from := ""
	if together {
		from = fmt.Sprintf(" from (%s, %s)", number(s.xs[first]), number(s.ys[first]))
	}
	if s.kind == resultant || n == 1 {
		tip := s.tip(first)
		return fmt.Sprintf("%s (arrow):%s to (%s, %s), of length %s", s.name, from, number(tip.X), number(tip.Y), number(long))
	}
	return fmt.Sprintf("%s (%d arrows):%s of lengths %s to %s, their sum (%s, %s)", s.name, n, from,
		number(short), number(long), number(sum.X), number(sum.Y))
}
