package figure

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// Bundle adds many curves of one name, thin and pale: the runs of several
// seeds. Give the name also to a Line, the mean or the median say, which is
// drawn bold on top in the same color. With xs nil the runs are drawn over
// 0, 1, 2, …. Each run obeys the rules of Line; those that diverge end in a
// cross, and the legend says how many, those without a finite value among them. Of a noisy measurement to be seen
// against a Theory, a periodogram say, make a bundle of one: theory is drawn over
// it.
func (f *Figure) Bundle(name string, xs []float64, runs [][]float64) *Figure {
	f = f.made()
	if len(runs) == 0 {
		f.fail(fmt.Errorf("figure: bundle %q has no runs", name))
	}
	lost := 0
	for _, ys := range runs {
		if len(ys) > 0 && !slices.ContainsFunc(ys, finite) {
			lost++
		}
	}
	noted := lost
	for i, ys := range runs {
		if lost < len(runs) && len(ys) > 0 && !slices.ContainsFunc(ys, finite) {
			continue
		}
		s := &series{kind: bundle, name: name, xs: xs, ys: ys, lost: noted}
		noted = 0
		if before := f.err; f.add(s).err != before {
			f.err = fmt.Errorf("%w (run %d of %d)", f.err, i+1, len(runs))
		}
	}
	return f
}

// PowerLaw adds measured points and the law y = factor · x^slope that was
// fitted to them, on two logarithmic axes, where it is a straight line. The
// legend gives its slope and the half-width of its confidence interval, as in
// "slope −1.00 ± 0.02"; a half-width of 0 is left out. The fit is the
// caller's. A factor that is not positive is an error, as is what is one for
// Points.
func (f *Figure) PowerLaw(name string, xs, ys []float64, factor, slope, halfWidth float64) *Figure {
	f = f.made()
	switch {
	case !f.x.log || !f.y.log:
		f.fail(fmt.Errorf("figure: power law %q needs two logarithmic axes: figure.LogX and figure.LogY", name))
	case !finite(factor) || factor <= 0 || !finite(slope):
		f.fail(fmt.Errorf("figure: power law %q: %v · x^%v must have a positive factor and a finite slope",
			name, factor, slope))
	case !finite(halfWidth) || halfWidth < 0:
		f.fail(fmt.Errorf("figure: power law %q: a half-width of %v must be finite and not negative; give 0 to leave it out",
			name, halfWidth))
	}
	f.add(&series{kind: points, name: name, xs: xs, ys: ys, whole: true})
	if f.err != nil {
		return f
	}
	all := f.series[len(f.series)-1].xs
	ends := []float64{slices.Min(all), slices.Max(all)}
	law := []float64{factor * math.Pow(ends[0], slope), factor * math.Pow(ends[1], slope)}
	detail := "slope " + plusMinus(slope, halfWidth)
	return f.add(&series{kind: powerLaw, name: name, xs: ends, ys: law, whole: true, detail: detail})
}

// plusMinus writes a value with as many decimals as its half-width has digits
// to tell: one, or two where the first is a 1.
func plusMinus(v, half float64) string {
	decimals := 2
	if half > 0 {
		e := math.Floor(math.Log10(half))
		if half < 2*math.Pow(10, e) {
			e--
		}
		decimals = int(min(max(-e, 0), 6))
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if half > 0 {
		s += " ± " + strconv.FormatFloat(half, 'f', decimals, 64)
	}
	return strings.ReplaceAll(s, "-", "−")
}

// TheoryBand adds the area between lo and hi in which theory expects the
// measurements: gray, below them, the interval of an autocorrelation that is
// 0 for example. Give the name also to a Theory to explain both in one entry of
// the legend. Arguments and errors are those of Band.
func (f *Figure) TheoryBand(name string, xs, lo, hi []float64) *Figure {
	return f.add(&series{kind: theoryBand, name: name, xs: xs, ys: lo, hi: hi})
}

// Bars adds a histogram: bar i reaches from edges[i] to edges[i+1] and from 0
// to heights[i]. What was expected goes on top as Theory over the middles of
// the bars, or as an HLine. There must be one edge more than heights, in
// ascending order, and all must be finite; on a logarithmic axis a height of 0
// is no bar, a negative one an error.
func (f *Figure) Bars(name string, edges, heights []float64) *Figure {
	f = f.made()
	if len(edges) != len(heights)+1 {
		f.fail(fmt.Errorf("figure: histogram %q: %d edges but %d heights; there is one edge more than bars",
			name, len(edges), len(heights)))
		return f
	}
	for i, h := range heights {
		switch {
		case !finite(h):
			f.fail(fmt.Errorf("figure: histogram %q: heights[%d] = %v is not finite", name, i, h))
		case !(edges[i] < edges[i+1]) || math.IsInf(edges[i+1], 0):
			f.fail(fmt.Errorf("figure: histogram %q: edges[%d] = %v and edges[%d] = %v must be finite and ascending",
				name, i, edges[i], i+1, edges[i+1]))
		}
	}
	return f.add(&series{kind: bars, name: name, xs: edges[:len(heights)], x2: edges[1:], ys: heights})
}

// Stems adds values that stand on 0 as stems with a marker, an autocorrelation
// over its lags for example. Several sets stand side by side. Arguments and
// errors are those of Points; the vertical axis must be linear.
func (f *Figure) Stems(name string, xs, ys []float64) *Figure {
	return f.add(&series{kind: stems, name: name, xs: xs, ys: ys})
}

// Intervals adds measured values with their intervals from lo to hi, a mean
// and its confidence interval for example. With xs nil they stand at 0, 1, 2, …,
// the categories of the axis if it has them, where several sets stand side by
// side. A value that is not finite is a cross at the upper border, and the
// legend says that it diverged. A value outside its interval is an error; an end
// that a logarithmic axis cannot show lies beyond its border.
func (f *Figure) Intervals(name string, xs, ys, lo, hi []float64) *Figure {
	return f.add(&series{kind: intervals, name: name, xs: xs, ys: ys, lo: lo, hi: hi})
}

// failed lists the places of the intervals without a finite value.
func (p *panel) failed(s *series) []string {
	var out []string
	for i, x := range s.xs {
		if s.ok(i) {
			continue
		}
		if k := int(math.Round(x)); p.x.names != nil {
			out = append(out, p.x.names[k])
		} else {
			out = append(out, number(x))
		}
	}
	return out
}

func (p *panel) drawBars(c ink.Pen, s *series, st ink.Style) {
	var boxes [][]ink.Point
	floor := 0.0
	if !p.sy.log {
		floor = min(max(p.sy.norm(0), 0), 1)
	}
	for i := range s.n {
		if s.ys[i] == 0 {
			continue
		}
		clamp := func(v float64) float64 { return min(max(v, 0), 1) }
		left, right, top := clamp(p.sx.norm(s.xs[i])), clamp(p.sx.norm(s.x2[i])), clamp(p.sy.norm(s.ys[i]))
		if left < right && top != floor {
			boxes = append(boxes, p.placeAll([]ink.Point{ink.At(left, floor), ink.At(left, top), ink.At(right, top), ink.At(right, floor)}))
		}
	}
	if len(boxes) == 0 {
		return
	}
	shade := st.Color
	shade.A = barShade
	for _, b := range boxes {
		c.Fill(shade, b)
	}
	st.Width = 1.4
	c.Strokes(st, boxes...)
}

// beside is by how much the sets of a kind are moved to stand side by side.
func (p *panel) beside(s *series, apart float64) float64 {
	k, n := 0, 0
	for _, o := range p.series {
		if o == s {
			k = n
		}
		if o.kind == s.kind {
			n++
		}
	}
	return (float64(k) - float64(n-1)/2) * apart
}

func (p *panel) drawStems(c ink.Pen, s *series, st ink.Style) {
	u := p.sy.norm(0)
	floor := min(max(u, 0), 1)
	if u >= 0 && u <= 1 {
		c.Stroke(ink.Style{Color: ink.Gray, Width: 1.2}, p.place(ink.At(0, u)), p.place(ink.At(1, u)))
	}
	closest := p.frame.Max.X - p.frame.Min.X
	for i := range s.n - 1 {
		closest = min(closest, math.Abs(p.place(p.at(s.xs[i+1], 0)).X-p.place(p.at(s.xs[i], 0)).X))
	}
	size := min(4, max(closest/4, 1.8))
	shift := p.beside(s, min(7, closest/3))
	st.Width, st.Dashes = min(2.25, max(closest/4, 1)), nil
	var all, tops []ink.Point
	for i := range s.n {
		if at := p.at(s.xs[i], s.ys[i]); s.ok(i) && at.X >= 0 && at.X <= 1 {
			at = p.place(at)
			all = append(all, ink.At(at.X+shift, at.Y))
		}
	}
	var lines [][]ink.Point
	foot := p.place(ink.At(0, floor)).Y
	for _, top := range tallest(all, foot) {
		if clamped := min(max(top.Y, p.frame.Min.Y), p.frame.Max.Y); clamped == top.Y {
			tops = append(tops, top)
		} else {
			top.Y = clamped
		}
		lines = append(lines, []ink.Point{ink.At(top.X, foot), top})
	}
	c.Strokes(st, lines...)
	c.Markers(st, tops, size)
}

func (p *panel) drawIntervals(c ink.Pen, s *series, st ink.Style) {
	shift := 0.0
	if p.x.names != nil {
		shift = p.beside(s, min(16, (p.frame.Max.X-p.frame.Min.X)/float64(len(p.x.names))/float64(1+len(p.series))))
	}
	st.Dashes = nil
	const cap = 5.0
	var lines [][]ink.Point
	var markers []ink.Point
	for i := range s.xs {
		u := p.sx.norm(s.xs[i])
		if u < 0 || u > 1 {
			continue
		}
		x := p.place(ink.At(u, 0)).X + shift
		if !s.ok(i) {
			c.Cross(st, ink.At(x, p.frame.Max.Y-8), 5.5)
			continue
		}
		end := func(v float64) (float64, bool) {
			if p.sy.log && v < tiny {
				return 0, false
			}
			u := p.sy.norm(v)
			return min(max(u, 0), 1), u >= 0 && u <= 1
		}
		low, lowIn := end(s.lo[i])
		high, highIn := end(s.hi[i])
		y0, y1 := p.place(ink.At(0, low)).Y, p.place(ink.At(0, high)).Y
		if y0 < y1 {
			lines = append(lines, []ink.Point{ink.At(x, y0), ink.At(x, y1)})
		}
		if lowIn {
			lines = append(lines, []ink.Point{ink.At(x-cap, y0), ink.At(x+cap, y0)})
		}
		if highIn {
			lines = append(lines, []ink.Point{ink.At(x-cap, y1), ink.At(x+cap, y1)})
		}
		if at := (ink.At(0.5, p.sy.norm(s.ys[i]))); (ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}).Has(at) {
			markers = append(markers, ink.At(x, p.place(at).Y))
		}
	}
	c.Strokes(ink.Style{Color: ink.Halo, Width: st.Width + 2.5}, lines...)
	c.Strokes(st, lines...)
	c.Markers(st, markers, 4.2)
}

// runs are the curves of a bundle.
func (p *panel) runs(name string) []*series {
	var out []*series
	for _, s := range p.series {
		if s.kind == bundle && s.name == name {
			out = append(out, s)
		}
	}
	return out
}

// drawRun draws a curve of a bundle with fewer points than a line: among many,
// none is read to the pixel.
func (p *panel) drawRun(c ink.Pen, s *series, st ink.Style) {
	st = st.Pale(len(p.runs(s.name)))
	for _, l := range p.stretch(s).lines {
		c.Stroke(st, ink.Peucker(ink.Columns(p.placeAll(l), 2), 0.4)...)
	}
}

// runNote says how many runs of a bundle end beyond the picture.
func (p *panel) runNote(name string) string {
	diverged, left, zero := 0, 0, 0
	all := p.runs(name)
	total := len(all)
	for _, s := range all {
		diverged, total = diverged+s.lost, total+s.lost
		switch {
		case s.zero:
			zero++
		case s.diverged():
			diverged++
		case p.stretch(s).left >= 0:
			left++
		}
	}
	var notes []string
	for _, n := range []struct {
		count int
		what  string
	}{{diverged, "diverged"}, {left, "left"}, {zero, "ended in 0"}} {
		if n.count > 0 {
			notes = append(notes, fmt.Sprintf("%d of %d %s", n.count, total, n.what))
		}
	}
	return strings.Join(notes, ", ")
}

// describeRuns tells of a bundle where it begins and ends.
func (p *panel) describeRuns(name string) string {
	all := p.runs(name)
	from, to := [2]float64{math.Inf(1), math.Inf(-1)}, [2]float64{math.Inf(1), math.Inf(-1)}
	total := len(all)
	for _, s := range all {
		total += s.lost
		first := slices.IndexFunc(s.ys, finite)
		from = [2]float64{min(from[0], s.ys[first]), max(from[1], s.ys[first])}
		last := s.ys[s.n-1]
		to = [2]float64{min(to[0], last), max(to[1], last)}
	}
	between := func(r [2]float64) string {
		if r[0] == r[1] {
			return number(r[0])
		}
		return "between " + number(r[0]) + " and " + number(r[1])
	}
	text := fmt.Sprintf("%s (bundle of %d): from %s to %s", name, total, between(from), between(to))
	if n := p.runNote(name); n != "" {
		text += ", " + n
	}
	return text
}

func describeBars(s *series) string {
	highest := 0
	for i, h := range s.ys {
		if h > s.ys[highest] {
			highest = i
		}
	}
	return fmt.Sprintf("%s (histogram of %d bars): from %s to %s, the highest, %s, from %s to %s", s.name, len(s.ys),
		number(s.xs[0]), number(s.x2[len(s.x2)-1]), number(s.ys[highest]), number(s.xs[highest]), number(s.x2[highest]))
}

// describeIntervals tells each value of a category, else the first and last.
func (p *panel) describeIntervals(s *series) string {
	value := func(i int) string {
		return fmt.Sprintf("%s (%s to %s)", number(s.ys[i]), number(s.lo[i]), number(s.hi[i]))
	}
	var parts []string
	if p.x.names == nil {
		first := 0
		for !s.ok(first) {
			first++
		}
		parts = append(parts, "from "+value(first)+" to "+value(s.n-1))
	} else {
		for i, x := range s.xs {
			if s.ok(i) {
				parts = append(parts, p.x.names[int(math.Round(x))]+" "+value(i))
			}
		}
	}
	if bad := p.failed(s); len(bad) > 0 {
		parts = append(parts, "diverged at "+strings.Join(bad, ", "))
	}
	return fmt.Sprintf("%s (values with intervals): %s", s.name, strings.Join(parts, ", "))
}

// tallest are the tops of the stems that show: of those within half a pixel, the
// one that reaches highest above the floor and the one that reaches lowest.
func tallest(tops []ink.Point, floor float64) []ink.Point {
	if len(tops) < 1000 {
		return tops
	}
	type column struct {
		at int
		up bool
	}
	best := map[column]int{}
	for i, q := range tops {
		c := column{int(2 * q.X), q.Y > floor}
		if k, ok := best[c]; !ok || math.Abs(q.Y-floor) > math.Abs(tops[k].Y-floor) {
			best[c] = i
		}
	}
	var out []ink.Point
	for _, i := range slices.Sorted(maps.Values(best)) {
		out = append(out, tops[i])
	}
	return out
}
