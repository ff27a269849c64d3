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
	return f.add(&line{values{kind: "line", run: true, joined: true}.of(name, xs, ys), Curves})
}

// Theory adds a curve that was not measured: black, thinner, below the data.
// Arguments and errors are those of Line.
func (f *Figure) Theory(name string, xs, ys Numbers) *Figure {
	return f.add(&line{values{kind: "theory", theory: true, run: true, joined: true}.of(name, xs, ys), Curves - 1})
}

type line struct {
	*values
	layer int
}

func (l *line) Layer() int { return l.layer }

// overAxis is the curve of a function, once the axis is known.
func (l *line) overAxis(x, y Axis, s scale) (Mark, error) {
	switch {
	case l.f == nil:
		return l, nil
	case !s.drawable():
		return nil, fmt.Errorf("%s: nothing says over which numbers to draw the function; give the axis %q a Range, or xs such as figure.Between(0, 1)",
			l.what(), x.label)
	}
	v, err := l.over(x, y, s)
	return &line{v, l.layer}, err
}

func (l *line) Draw(c Pen, p *Panel) {
	st := p.Style(l.name)
	for _, pts := range p.stretch(l.values).lines {
		pts = p.placeAll(pts)
		if len(pts) == 1 { // a value between two gaps
			c.Marker(st, pts[0], 2.5)
		}
		c.Stroke(st, ink.Decimate(pts)...)
	}
}

func (l *line) Legend(p *Panel, e *Entry) {
	e.Line = true
	l.explain(p, e, "")
}
