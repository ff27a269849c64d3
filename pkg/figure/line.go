package figure

import (
	"fmt"

	"descent.example/pkg/figure/internal/ink"
)

// Line adds a curve. With xs nil it is drawn over 0, 1, 2, …, the steps, or, of a function, over the whole axis: over its
// Range, or else as far as the panel's other marks reach.
//
// A NaN or ±Inf with finite values after it is a gap. Where all values from
// some x on are not finite, the run has diverged: the curve ends in a cross
// and its name says "diverged at step x" (claim G4). Where it leaves the frame
// for good, it ends in an arrow. On a logarithmic axis a loss that is 0 (or
// below 2⁻¹⁰²², where digits are lost) from some step to the end is said in the
// same way; any other value ≤ 0 is an error. Different lengths, no finite value, or an x that is not finite are
// errors. Marks of the same name share their color and their entry in the
// legend.
func (f *Figure) Line(name string, xs, ys Numbers) *Figure {
	return f.add(&line{values{kind: "line", layer: Curves, run: true, joined: true}.of(name, xs, ys)})
}

// Theory adds a curve that was not measured: black, thinner, below the data.
// Arguments and errors are those of Line.
func (f *Figure) Theory(name string, xs, ys Numbers) *Figure {
	return f.add(&line{values{kind: "theory", layer: Curves - 1, theory: true, run: true, joined: true}.of(name, xs, ys)})
}

type line struct{ *values }

// overAxis computes the functions that are drawn over the whole horizontal axis, which reaches as far as the other marks. It
// reports whether there are any.
func (p *Panel) overAxis(x span) (more bool, err error) {
	s := scale{log: p.x.log, lo: x.lo, hi: x.hi}
	p.limit(&s, p.x)
	for i, m := range p.marks {
		v := m.base()
		if v.f == nil {
			continue
		}
		if !s.drawable() {
			return true, fmt.Errorf("%s: nothing says over which numbers to draw the function; give the axis %q a Range, or xs such as figure.Between(0, 1)",
				v.what(), p.x.label)
		}
		if v, err = v.over(p.x, p.y, s); err != nil {
			return true, err
		}
		p.marks[i], more = &line{v}, true
	}
	return more, nil
}

func (m *line) Draw(c Pen, p *Panel) {
	st := p.Style(m.name)
	for _, pts := range p.stretch(m.values).lines {
		pts = p.placeAll(pts)
		if len(pts) == 1 { // a value between two gaps
			c.Marker(st, pts[0], 2.5)
		}
		c.Stroke(st, ink.Decimate(pts)...)
	}
}
