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
	return f.bundle(name, xs, runs, false)
}

// Strands is a Bundle of curves that a reader follows one by one, such as the way of each elbow of a net: they are less thin and less pale.
func (f *Figure) Strands(name string, xs, runs Numbers) *Figure {
	return f.bundle(name, xs, runs, true)
}

func (f *Figure) bundle(name string, xs, runs Numbers, clear bool) *Figure {
	f = f.made()
	table, err := tableOf(runs)
	switch {
	case err != nil:
		f.fail(fmt.Errorf("figure: bundle %q: %w", name, err))
	case len(table) == 0:
		f.fail(fmt.Errorf("figure: bundle %q has no runs", name))
	}
	nowhere := func(ys []float64) bool { return len(ys) > 0 && !slices.ContainsFunc(ys, finite) }
	lost := 0
	for _, ys := range table {
		if nowhere(ys) {
			lost++
		}
	}
	noted := lost
	for i, ys := range table {
		if lost < len(table) && nowhere(ys) {
			continue
		}
		m := &bundle{values{kind: bundled, layer: Curves - 2, run: true, joined: true}.of(name, xs, ys), noted, clear}
		noted = 0
		if before := f.err; f.add(m).err != before {
			f.err = fmt.Errorf("%w (run %d of %d)", f.err, i+1, len(table))
			break
		}
	}
	return f
}

const bundled = "bundle"

// bundle is a run of one.
type bundle struct {
	*values
	lost  int // runs without a finite value, noted at the first run
	clear bool
}

// runs are the curves of a bundle, and how many more were lost.
func (p *Panel) runs(name string) (all []*values, lost int) {
	for _, m := range p.marks {
		if b, ok := m.(*bundle); ok && b.name == name {
			all, lost = append(all, b.values), lost+b.lost
		}
	}
	return all, lost
}

// Draw draws curves with fewer points than a line: among many,
// none is read to the pixel.
func (b *bundle) Draw(c Pen, p *Panel) {
	all, _ := p.runs(b.name)
	st := p.Style(b.name).Pale(len(all))
	if b.clear {
		st = p.Style(b.name).Clear()
	}
	for _, l := range p.stretch(b.values).lines {
		c.Stroke(st, ink.Peucker(ink.Columns(p.placeAll(l), 2), 0.4)...)
	}
}

func (b *bundle) drawEnd(c Pen, p *Panel) {
	if way := p.stretch(b.values); b.diverged() && len(way.lines) > 0 {
		c.Cross(p.Style(b.name), p.place(way.last), 3)
	}
}

// Legend says once how the runs end.
func (b *bundle) Legend(p *Panel, e *Entry) {
	if math.IsNaN(e.at) {
		e.at = p.stretch(b.values).last.Y
	}
	if n := p.runNote(b.name); !e.faint && !e.clear && n != "" {
		e.Text = b.name + ": " + n
	}
	e.faint, e.clear = !b.clear, b.clear
}

// runNote says how many runs of a bundle end beyond the picture.
func (p *Panel) runNote(name string) string {
	all, lost := p.runs(name)
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

// Describe tells where the runs begin and end, once for all.
func (b *bundle) Describe(p *Panel) string {
	all, lost := p.runs(b.name)
	if all[0] != b.values { // told already
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
	if n := p.runNote(b.name); n != "" {
		text += ", " + n
	}
	return text
}
