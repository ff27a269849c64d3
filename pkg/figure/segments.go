package figure

import (
	"fmt"

	"descent.example/internal/plural"
)

// Segments adds straight lines from places to places of a plane, thin and gray, under its curves and points: where the units of a net
// fold it, say. from and to are as long.
func (f *Figure) Segments(name string, from, to [][2]float64) *Figure {
	f = f.made()
	if len(from) != len(to) || len(from) == 0 {
		f.fail(fmt.Errorf("figure: segments %q: from %d places to %d; give as many of both, and at least one", name, len(from), len(to)))
		return f
	}
	var xs, ys []float64
	for i := range from {
		xs, ys = append(xs, from[i][0], to[i][0]), append(ys, from[i][1], to[i][1])
	}
	return f.add(&segments{values{kind: "segments", layer: Rules, plane: true}.of(name, xs, ys)})
}

// segments has the two ends of each line one after the other.
type segments struct{ *values }

func (m *segments) Draw(c Pen, p *Panel) {
	st := p.Style(m.name)
	st.Width, st.Dashes = 1, nil
	for i := 0; i < len(m.xs); i += 2 {
		for _, part := range p.Clip(p.Place(m.xs[i], m.ys[i]), p.Place(m.xs[i+1], m.ys[i+1])) {
			c.Stroke(st, part...)
		}
	}
}

func (m *segments) Legend(p *Panel, e *Entry) {
	e.Line, e.Style.Width, e.Style.Dashes = true, 1, nil
}

func (m *segments) Describe(*Panel) string {
	return fmt.Sprintf("%s: %s", m.name, plural.Of(len(m.xs)/2, "straight line"))
}
