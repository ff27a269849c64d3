package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// Bundle adds many curves of one name, thin and pale: the runs of several
// seeds, a slice of slices of numbers. Give the name also to a Line, the mean or the median say, which is
// drawn bold on top in the same color. With xs nil the runs are drawn over
// 0, 1, 2, …. Each run obeys the rules of Line; those that diverge end in a
// cross, and the legend says how many, those without a finite value among them. Of a noisy measurement to be seen
// against a Theory, a periodogram say, make a bundle of one: theory is drawn over
// it.
func (f *Figure) Bundle(name string, xs, runs Numbers) *Figure {
	table, err := tableOf(runs)
	b := &bundle{name: name, total: len(table)}
	if b.err = err; err != nil {
		b.err = fmt.Errorf("figure: bundle %q: %w", name, err)
	}
	nowhere := func(ys []float64) bool { return len(ys) > 0 && !slices.ContainsFunc(ys, finite) }
	for _, ys := range table {
		if nowhere(ys) {
			b.lost++
		}
	}
	for i, ys := range table {
		if b.lost == len(table) || !nowhere(ys) {
			b.number = append(b.number, i+1)
			b.curves = append(b.curves, values{kind: "bundle", run: true, joined: true}.of(name, xs, ys))
		}
	}
	return f.add(b)
}

type bundle struct {
	name   string
	curves []*values
	number []int // of each curve among the runs
	total  int
	lost   int // runs without a finite value
	err    error
}

func (b *bundle) Name() string    { return b.name }
func (b *bundle) Layer() int      { return Curves - 2 }
func (b *bundle) runs() []*values { return b.curves }

func (b *bundle) size() (values, curves int) {
	for _, v := range b.curves {
		values += len(v.ys)
	}
	return values, len(b.curves)
}

func (b *bundle) Check(x, y Axis) error {
	if b.err != nil {
		return b.err
	}
	if len(b.curves) == 0 {
		return fmt.Errorf("figure: bundle %q has no runs", b.name)
	}
	for i, v := range b.curves {
		if err := v.Check(x, y); err != nil {
			return fmt.Errorf("%w (run %d of %d)", err, b.number[i], b.total)
		}
	}
	return nil
}

func (b *bundle) Extent(include func(x, y float64)) {
	for _, v := range b.curves {
		v.Extent(include)
	}
}

func (b *bundle) obstacles(p *Panel) [][]Point {
	var out [][]Point
	for _, v := range b.curves {
		out = append(out, v.obstacles(p)...)
	}
	return out
}

// ofName are the panel's bundles of the name, which is told once.
func (b *bundle) ofName(p *Panel) (all []*values, lost int, first bool) {
	first = true
	before := true
	for _, m := range p.marks {
		o, ok := m.(*bundle)
		before = before && o != b
		if ok && o.name == b.name {
			all, lost = append(all, o.curves...), lost+o.lost
			first = first && !(before && o != b)
		}
	}
	return all, lost, first
}

// Draw draws curves with fewer points than a line: among many,
// none is read to the pixel.
func (b *bundle) Draw(c Pen, p *Panel) {
	all, _, _ := b.ofName(p)
	st := p.Style(b.name).Pale(len(all))
	for _, v := range b.curves {
		for _, l := range p.stretch(v).lines {
			c.Stroke(st, ink.Peucker(ink.Columns(p.placeAll(l), 2), 0.4)...)
		}
	}
}

func (b *bundle) drawEnd(c Pen, p *Panel) {
	for _, v := range b.curves {
		if way := p.stretch(v); v.diverged() && len(way.lines) > 0 {
			c.Cross(p.Style(b.name), p.place(way.last), 3)
		}
	}
}

func (b *bundle) Legend(p *Panel, e *Entry) {
	e.faint = true
	if math.IsNaN(e.at) {
		e.at = p.stretch(b.curves[0]).last.Y
	}
	if all, lost, first := b.ofName(p); first {
		if n := p.runNote(all, lost); n != "" {
			e.Text = b.name + ": " + n
		}
	}
}

// runNote says how many runs of a bundle end beyond the picture.
func (p *Panel) runNote(all []*values, lost int) string {
	diverged, left, zero := lost, 0, 0
	for _, v := range all {
		switch {
		case v.zero:
			zero++
		case v.diverged():
			diverged++
		case p.stretch(v).left >= 0:
			left++
		}
	}
	var notes []string
	for _, n := range []struct {
		count int
		what  string
	}{{diverged, "diverged"}, {left, "left"}, {zero, "ended in 0"}} {
		if n.count > 0 {
			notes = append(notes, fmt.Sprintf("%d of %d %s", n.count, len(all)+lost, n.what))
		}
	}
	return strings.Join(notes, ", ")
}

// Describe tells where the runs begin and end.
func (b *bundle) Describe(p *Panel) string {
	all, lost, first := b.ofName(p)
	if !first {
		return ""
	}
	from, to := noSpan, noSpan
	for _, v := range all {
		from.add(v.ys[slices.IndexFunc(v.ys, finite)])
		to.add(v.ys[v.n-1])
	}
	between := func(s span) string {
		if s.lo == s.hi {
			return number(s.lo)
		}
		return "between " + number(s.lo) + " and " + number(s.hi)
	}
	text := fmt.Sprintf("%s (bundle of %d): from %s to %s", b.name, len(all)+lost, between(from), between(to))
	if n := p.runNote(all, lost); n != "" {
		text += ", " + n
	}
	return text
}
