package figure

import "descent.example/pkg/figure/internal/ink"

// Cloud adds measured points below the curves, small and pale: examples, say, of which hundreds must not hide the net that learned from
// them. Arguments and errors are those of Line.
func (f *Figure) Cloud(name string, xs, ys Numbers) *Figure {
	return f.add(&cloud{values{kind: "points", layer: Curves - 3, run: true, dots: true}.of(name, xs, ys)})
}

type cloud struct{ *values }

func (m *cloud) Draw(c Pen, p *Panel) {
	c.Dots(ink.Translucent(p.Style(m.name).Color), m.markers(p, 0))
}

func (m *cloud) Legend(p *Panel, e *Entry) {
	e.dot = true
	m.explain(p, e, "")
}
