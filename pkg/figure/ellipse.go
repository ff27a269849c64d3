package figure

import (
	"fmt"
	"math"

	"descent.example/pkg/figure/internal/ink"
)

// Ellipse adds an ellipse around (x, y) with the semi-axes a and b, the first
// at the angle in radians from the horizontal axis, counter-clockwise: the
// stationary covariance of SGD, say (claim S7). It was not measured, so it
// looks like Theory, but lies above the paths. A semi-axis may be 0; a number that is not finite is an error. An ellipse
// is five numbers, so with the name there are six parameters.
func (f *Figure) Ellipse(name string, x, y, a, b, angle float64) *Figure {
	const corners = 240
	var xs, ys []float64
	sin, cos := math.Sincos(angle)
	for i := range corners + 1 {
		v, u := math.Sincos(2 * math.Pi * float64(i) / corners)
		xs = append(xs, x+a*u*cos-b*v*sin)
		ys = append(ys, y+a*u*sin+b*v*cos)
	}
	m := &ellipse{values{kind: "ellipse", layer: Paths + 1, theory: true, plane: true}.of(name, xs, ys), ""}
	if !finite(x) || !finite(y) || !finite(angle) || !(a >= 0) || !(b >= 0) || math.IsInf(a+b, 0) {
		m.err = fmt.Errorf("figure: ellipse %q: around (%v, %v), semi-axes %v and %v, angle %v: "+
			"all must be finite and no semi-axis negative", name, x, y, a, b, angle)
	}
	m.detail = fmt.Sprintf("ellipse around (%s, %s) with semi-axes %s and %s, the first at %s°",
		number(x), number(y), number(a), number(b), number(angle*180/math.Pi))
	return f.add(m)
}

type ellipse struct {
	*values
	detail string
}

func (m *ellipse) around() ([]Point, float64) { return m.places(), 1.25 }

func (m *ellipse) Draw(c Pen, p *Panel) {
	st := p.Style(m.name)
	st.Width = 2
	for _, l := range p.stretch(m.values).lines {
		l = ink.Decimate(p.placeAll(l))
		c.Stroke(Style{Color: ink.Halo, Width: 4.5}, l...)
		c.Stroke(st, l...)
	}
}

func (m *ellipse) Legend(p *Panel, e *Entry) {
	e.Line = true
	m.explain(p, e, "")
}

func (m *ellipse) Describe(*Panel) string { return fmt.Sprintf("%s (theory): %s", m.name, m.detail) }
