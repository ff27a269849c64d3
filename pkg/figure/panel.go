package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// panel is a Figure of one panel with everything settled: scales, styles,
// legend, and the frame in which the data are drawn.
type panel struct {
	*Figure
	sx, sy         scale
	field          *field
	shades         shades // of a heat map
	styles         map[string]ink.Style
	legend         []entry
	above          bool // the legend stands above the frame, not to the right
	equal          bool // a unit is as long on both axes
	hideY, hideBar bool // the neighbor in the row shows them

	frame  ink.Rect
	room        // beside the frame
	least  room // in an animation
	thin   map[string]bool
	title  []string
	rows   [][]entry       // of a legend above
	strip  []label         // over the vertical lines
	labels []label         // beside the ends of curves
	noted  map[string]bool // names whose end is told in the legend
	drawn  map[*series]stretch
}

// label is a text of a place of its own; at is the left end of its baseline.
type label struct {
	text string
	at   ink.Point
	to   ink.Point // what it names
}

// entry is one line of the legend.
type entry struct {
	text                       string
	style                      ink.Style
	line, marker, star, ring   bool
	arrow, bar, whisker, faint bool
	band                       uint8   // opacity of the area, if there is one
	at                         float64 // the height of the data it names, as a share of the frame
}

func (f *Figure) panelOf(common *common) (*panel, error) {
	p := &panel{Figure: f, styles: common.styles, thin: common.thin, noted: map[string]bool{}, drawn: map[*series]stretch{}}
	if f.err != nil {
		return nil, f.err
	}
	if err := f.check(); err != nil { // of a Figure that New did not make
		return nil, err
	}
	if len(f.series) == 0 && f.loss == nil && f.heat == nil && len(f.marks) == 0 && len(f.rules) == 0 {
		return nil, fmt.Errorf("figure: %q is empty; add a Line, Points, Path or Contour", f.title)
	}
	texts := []string{f.title, f.x.label, f.y.label}
	texts = append(append(texts, f.x.names...), f.y.names...)
	for _, s := range f.series {
		texts = append(texts, s.name)
	}
	for _, r := range f.rules {
		texts = append(texts, r.label)
	}
	for _, m := range f.marks {
		texts = append(texts, m.name)
	}
	if f.loss != nil {
		texts = append(texts, f.loss.label)
	}
	if f.heat != nil {
		texts = append(texts, f.heat.label)
		p.shades = common.shades[f.heat.label]
	}
	names := map[string]bool{}
	for _, s := range f.series {
		names[s.name] = true
	}
	if err := atMost(mostNames, len(names)+len(f.rules)+len(f.marks), "names, lines and marks of one panel"); err != nil {
		return nil, err
	}
	for _, t := range texts {
		if err := checkText(t); err != nil {
			return nil, err
		}
	}
	if err := p.scales(); err != nil {
		return nil, err
	}
	if f.loss != nil {
		var err error
		if p.field, err = f.loss.sample(p.sx, p.sy); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// plane says whether the panel is a plane of two parameters rather than a
// function over an axis.
func (p *panel) plane() bool {
	return p.loss != nil || slices.ContainsFunc(p.series, func(s *series) bool { return s.kind.flat() })
}

func (p *panel) scales() error {
	p.sx, p.sy = scale{log: p.x.log}, scale{log: p.y.log}
	if p.plane() {
		if err := p.around(); err != nil {
			return err
		}
	} else {
		p.spread()
	}
	for _, a := range []struct {
		s *scale
		Axis
	}{{&p.sx, p.x}, {&p.sy, p.y}} {
		if a.limited {
			a.s.lo, a.s.hi = a.Axis.lo, a.Axis.hi
		}
	}
	if n := len(p.x.names); n > 0 {
		p.sx = scale{lo: -0.5, hi: float64(n) - 0.5}
	}
	if n := len(p.y.names); n > 0 {
		p.sy = scale{lo: float64(n) - 0.5, hi: -0.5} // read from top to bottom
	}
	for _, a := range []struct {
		s     scale
		label string
	}{{p.sx, p.x.label}, {p.sy, p.y.label}} {
		if !a.s.drawable() {
			return fmt.Errorf("figure: %q: the axis %q would go from %v to %v, which cannot be drawn; give it a Range", p.Figure.title, a.label, a.s.lo, a.s.hi)
		}
	}
	if p.plane() && !p.x.log && !p.y.log {
		ratio := (p.sy.hi - p.sy.lo) / (p.sx.hi - p.sx.lo)
		p.equal = ratio >= 0.4 && ratio <= 1.6
	}
	return nil
}

// spread sets the scales to the data. A run that diverges, or grows a
// thousandfold, would squeeze all others into a line: it counts only as far
// as a little above the others, and leaves through the border. Alone, it is
// shown up to a hundred times its beginning, on a logarithmic axis as a whole.
func (p *panel) spread() {
	runaway := func(s *series) bool {
		first := slices.IndexFunc(s.ys, finite)
		return (s.kind.joined() || s.kind == points) && !s.whole && (s.diverged() || math.Abs(s.ys[s.n-1]) > 1000*math.Abs(s.ys[first]) && s.ys[first] != 0)
	}
	var xs, ys []float64
	limit := 0.0
	for _, s := range p.series {
		away := runaway(s)
		seen := false
		for i := range s.n {
			if !s.ok(i) {
				continue
			}
			xs = append(xs, s.xs[i])
			if away && seen {
				continue
			}
			seen = true
			ys = append(ys, s.ys[i])
			if s.hi != nil {
				ys = append(ys, s.hi[i])
			}
			if s.lo != nil {
				ys = append(ys, s.lo[i])
			}
			if s.x2 != nil {
				xs = append(xs, s.x2[i])
			}
			if s.kind == bars || s.kind == stems {
				ys = append(ys, 0)
			}
			if s.kind == stems && i > 0 { // room for half a step at each end
				half := math.Abs(s.xs[i]-s.xs[i-1]) / 2
				xs = append(xs, s.xs[i-1]-half, s.xs[i]+half)
			}
		}
	}
	for _, r := range p.rules {
		if r.vertical {
			xs = append(xs, r.at)
		} else {
			ys = append(ys, r.at)
		}
	}
	for _, m := range p.marks {
		xs, ys = append(xs, m.x), append(ys, m.y)
	}
	if p.y.log { // the end of an interval, and a bar's
		ys = slices.DeleteFunc(ys, func(y float64) bool { return y < tiny })
	}
	for _, y := range ys {
		limit = max(limit, math.Abs(y))
	}
	tame := slices.ContainsFunc(p.series, func(s *series) bool { return !runaway(s) })
	switch {
	case tame && p.y.log:
		limit *= 100
	case tame:
		limit *= 2
	case p.y.log:
		limit = math.MaxFloat64
	default:
		limit *= 100
	}
	for _, s := range p.series {
		for i := range s.n {
			if runaway(s) && s.ok(i) && math.Abs(s.ys[i]) <= limit {
				ys = append(ys, s.ys[i])
			}
		}
		if runaway(s) && math.Abs(s.ys[s.n-1]) > limit && limit > 0 {
			ys = append(ys, limit)
		}
	}
	if len(xs) == 0 {
		xs = []float64{1}
	}
	if len(ys) == 0 {
		ys = []float64{1}
	}
	dots := slices.ContainsFunc(p.series, func(s *series) bool { return s.kind == points || s.kind == stems || s.kind == intervals })
	p.sx.lo, p.sx.hi = slices.Min(xs), slices.Max(xs)
	if dots || p.sx.lo == p.sx.hi {
		p.sx = p.sx.pad(0.04)
	}
	p.sy.lo, p.sy.hi = slices.Min(ys), slices.Max(ys)
	p.sy = p.sy.pad(0.05)
}

// around centers the scales on the optimum.
func (p *panel) around() error {
	if p.x.limited && p.y.limited {
		return nil
	}
	var center ink.Point
	found := len(p.marks) > 0
	if found {
		center = ink.At(p.marks[0].x, p.marks[0].y)
	}
	for _, s := range p.series {
		if !found && s.kind == path && !s.diverged() {
			center, found = ink.At(s.xs[s.n-1], s.ys[s.n-1]), true
		}
	}
	if !found {
		center, found = p.middle()
	}
	half := ink.Point{}
	reach := func(x, y float64, room float64) {
		half.X, half.Y = max(half.X, room*math.Abs(x-center.X)), max(half.Y, room*math.Abs(y-center.Y))
	}
	for _, s := range p.series {
		for i := range s.n {
			switch {
			case !s.ok(i) || s.kind != ellipse && s.kind != arrows && s.kind != resultant:
			case s.kind == ellipse:
				reach(s.xs[i], s.ys[i], 1.25)
			default:
				reach(s.xs[i], s.ys[i], 1.15)
				reach(s.tip(i).X, s.tip(i).Y, 1.15)
			}
		}
		if first := slices.IndexFunc(s.xs, finite); s.kind == path && s.ok(first) {
			reach(s.xs[first], s.ys[first], 1.25)
		}
	}
	// A start right above or beside the optimum still needs a frame with two sides.
	half.X, half.Y = max(half.X, 0.75*half.Y), max(half.Y, 0.75*half.X)
	if !found || half.X == 0 || !finite(half.X) || !finite(half.Y) {
		return fmt.Errorf("figure: %q: the data do not say which part of the plane to show; give both axes a Range, or Mark the optimum", p.Figure.title)
	}
	p.sx.lo, p.sx.hi = center.X-half.X, center.X+half.X
	p.sy.lo, p.sy.hi = center.Y-half.Y, center.Y+half.Y
	return nil
}

// middle is that of the arrows and ellipses, as far as there are any.
func (p *panel) middle() (ink.Point, bool) {
	low, high := ink.At(math.Inf(1), math.Inf(1)), ink.At(math.Inf(-1), math.Inf(-1))
	for _, s := range p.series {
		for i := range s.n {
			if !s.ok(i) || s.kind == path || !s.kind.flat() {
				continue
			}
			for _, q := range []ink.Point{ink.At(s.xs[i], s.ys[i]), s.tip(i)} {
				low, high = ink.At(min(low.X, q.X), min(low.Y, q.Y)), ink.At(max(high.X, q.X), max(high.Y, q.Y))
			}
		}
	}
	return low.Toward(high, 0.5), low.X <= high.X
}

func (p *panel) at(x, y float64) ink.Point {
	return ink.At(p.sx.norm(x), p.sy.norm(y))
}

// stretch is how far a series is drawn: its polylines in the unit square, cut
// at the frame; and how it ends.
type stretch struct {
	lines [][]ink.Point
	left  int       // index of the value with which it leaves for good, or −1
	tip   ink.Point // where it leaves, and in which direction
	dir   ink.Point
	last  ink.Point // the last value drawn
}

// stretch follows the values, breaking at gaps, up to the one after which the
// series never comes back into the frame. A curve that runs past the limits
// of the horizontal axis is merely cut.
func (p *panel) stretch(s *series) stretch {
	way, ok := p.drawn[s]
	if !ok {
		way = p.follow(s)
		p.drawn[s] = way
	}
	return way
}

func (p *panel) follow(s *series) stretch {
	unit := ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}
	out := stretch{left: -1}
	pts := make([]ink.Point, s.n)
	end := s.n
	for i := range pts {
		if !s.ok(i) {
			continue
		}
		pts[i] = p.at(s.xs[i], s.ys[i])
	}
	inside := func(i int) bool { return s.ok(i) && unit.Has(pts[i]) }
	beside := func(i int) bool { return s.kind != path && s.ok(i) && (pts[i].X < -1e-9 || pts[i].X > 1+1e-9) }
	for end > 0 && (!s.ok(end-1) || !inside(end-1) && !beside(end-1)) {
		end--
	}
	if end > 0 && end < s.n && !beside(end-1) && s.ok(end) && s.kind.joined() {
		out.left = end
	}
	var cur []ink.Point
	flush := func() {
		if len(cur) > 0 {
			out.lines = append(out.lines, cur)
		}
		cur = nil
	}
	stop := end
	if out.left >= 0 {
		stop++
	}
	for i := range stop {
		if !s.ok(i) {
			flush()
			continue
		}
		if inside(i) {
			out.last = pts[i]
		}
		if i == 0 || !s.ok(i-1) {
			if inside(i) {
				cur = []ink.Point{pts[i]}
			}
			continue
		}
		a, b, ok := unit.Clip(pts[i-1], near(pts[i-1], pts[i]))
		if !ok {
			flush()
			continue
		}
		if len(cur) == 0 {
			cur = []ink.Point{a}
		}
		cur = append(cur, b)
		if !inside(i) {
			flush()
		}
		if i == out.left {
			out.tip, out.last = b, b
			out.dir = near(pts[i-1], pts[i]).Sub(pts[i-1])
		}
	}
	flush()
	return out
}

// near pulls a point that lies absurdly far away (10³⁰⁰ is one step before
// Inf) along its direction, to where differences still have digits.
func near(from, to ink.Point) ink.Point {
	const far = 1e6
	d := ink.At(to.X/2-from.X/2, to.Y/2-from.Y/2)
	if n := max(math.Abs(d.X), math.Abs(d.Y)); n > far {
		return ink.At(from.X+d.X/n*far, from.Y+d.Y/n*far)
	}
	return to
}

// note says how a series ends, if not in the frame.
func (p *panel) note(s *series, left int) string {
	where := func(i int) string {
		switch {
		case p.x.names != nil:
			return p.x.names[int(math.Round(s.xs[i]))]
		case s.kind == path || p.x.label == "" || startsWithStep(p.x.label):
			return "step " + number(s.step(i))
		}
		return number(s.step(i))
	}
	switch {
	case s.zero:
		return "0 from " + where(s.n)
	case s.diverged() && left >= 0:
		return "leaves at " + where(left) + ", diverged at " + where(s.n)
	case s.diverged():
		return "diverged at " + where(s.n)
	case left >= 0:
		return "leaves at " + where(left)
	}
	return ""
}

func startsWithStep(label string) bool {
	return len(label) >= 4 && (label[:4] == "step" || label[:4] == "Step")
}

// entries makes the legend: one for each name, in the order of the data.
func (p *panel) entries() {
	p.legend = nil
	index := map[string]int{}
	get := func(name string) *entry {
		i, ok := index[name]
		if !ok {
			i = len(p.legend)
			index[name] = i
			p.legend = append(p.legend, entry{text: name, at: math.NaN()})
		}
		return &p.legend[i]
	}
	starts := false
	noted := map[string]bool{} // bundles
	for _, s := range p.series {
		e := get(s.name)
		st := p.stretch(s)
		e.style = p.styles[s.name]
		note := ""
		switch s.kind {
		case band, theoryBand:
			if e.band = bandShade; s.kind == theoryBand {
				e.band = theoryShade
			}
			if math.IsNaN(e.at) {
				e.at = min(max(p.sy.norm((s.ys[s.n-1]+s.hi[s.n-1])/2), 0), 1)
			}
			continue
		case bundle:
			e.faint = true
			if math.IsNaN(e.at) {
				e.at = st.last.Y
			}
			if !noted[s.name] {
				noted[s.name] = true
				if n := p.runNote(s.name); n != "" {
					e.text = s.name + ": " + n
				}
			}
			continue
		case points, stems:
			e.marker = true
		case intervals:
			e.marker, e.whisker = true, true
			if bad := p.failed(s); len(bad) > 0 {
				note = "diverged at " + strings.Join(bad, ", ")
			}
		case bars:
			e.bar = true
		case arrows, resultant:
			e.arrow = true
			e.style.Width = s.shaft()
			note = p.arrowNote(s)
		case powerLaw:
			e.line, note = true, s.detail
		case path:
			e.line, e.marker, starts = true, true, true
		default:
			e.line = true
		}
		e.at = st.last.Y
		if n := p.note(s, st.left); n != "" && (p.plane() || s.zero || p.noted[s.name]) {
			note = n
		}
		if note != "" {
			e.text = s.name + ": " + note
		}
	}
	for _, r := range p.rules {
		if !r.vertical {
			e := get(r.label)
			e.line, e.style, e.at = true, ruleStyle, p.sy.norm(r.at)
		}
	}
	if starts {
		e := get("start")
		e.ring = true
	}
	for _, m := range p.marks {
		e := get(m.name)
		e.star, e.at = true, p.sy.norm(m.y)
	}
}

var ruleStyle = ink.Style{Color: ink.Gray, Width: 1.5}

// sides settles the room to the left and right of the frame.
func (p *panel) sides() {
	p.left, p.right = 4, 10
	if !p.hideY {
		widest := 0.0
		for _, t := range ticks(p.y, p.sy) {
			widest = max(widest, ink.Width(ink.Sized(ink.Regular, tickSize), t.label))
		}
		p.left = labelSize*leading + 6 + widest + 4 + tickLen
	}
	if p.field != nil && !p.hideBar {
		widest := 0.0
		for _, l := range p.field.names() {
			widest = max(widest, ink.Width(ink.Sized(ink.Regular, tickSize), l))
		}
		p.right = max(p.right, barGap+barWidth+6+widest+6+labelSize*leading)
	}
	if p.heat != nil && !p.hideBar {
		widest := 0.0
		for _, t := range p.shades.ticks() {
			widest = max(widest, ink.Width(ink.Sized(ink.Regular, tickSize), t.label))
		}
		p.right = max(p.right, barGap+barWidth+7+widest+6+labelSize*leading)
	}
	if !p.above {
		for _, e := range p.legend {
			for _, l := range e.lines() {
				p.right = max(p.right, 8+sampleLen+6+ink.Width(ink.Sized(ink.Regular, tickSize), l))
			}
		}
	}
	marks := ticks(p.x, p.sx)
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].label != "" {
			p.right = max(p.right, ink.Width(ink.Sized(ink.Regular, tickSize), marks[i].label)/2*math.Max(0, 2*p.sx.norm(marks[i].at)-1))
			break
		}
	}
	p.bottom = bottomOf(1)
	p.room = p.room.or(p.least)
}

// bottomOf is the room below a frame with so many rows of labels on its axis.
func bottomOf(rows int) float64 {
	return tickLen + 3 + float64(rows)*tickSize*leading + 4 + labelSize*leading
}

// ticks are those of the scale, or the categories of the axis.
func ticks(a Axis, s scale) []tick {
	if a.names == nil {
		return s.ticks()
	}
	out := make([]tick, len(a.names))
	for i, n := range a.names {
		out[i] = tick{float64(i), n}
	}
	return out
}

// categories breaks the names on the horizontal axis into lines, for a frame of
// width w. They stand in rows, each of deep lines, as many as it takes for no
// name to touch its neighbor.
func (p *panel) categories(w float64) (names [][]string, rows, deep int) {
	f, n := ink.Sized(ink.Regular, tickSize), len(p.x.names)
	for rows = 1; rows <= n; rows++ {
		room := w/float64(n)*float64(rows) - 8
		names, deep = nil, 0
		fits := true
		for _, name := range p.x.names {
			lines := ink.Wrap(f, name, room)
			for _, l := range lines {
				fits = fits && ink.Width(f, l) <= room
			}
			names, deep = append(names, lines), max(deep, len(lines))
		}
		if fits {
			return names, rows, deep
		}
	}
	return names, max(n, 1), deep
}

const (
	barGap      = 14.0
	barWidth    = 16.0
	widestEntry = 190.0
)

// lines are the entry's text as it stands to the right of the frame.
func (e entry) lines() []string {
	return ink.Wrap(ink.Sized(ink.Regular, tickSize), e.text, widestEntry)
}

// head settles the room over the frame, whose width is known by now.
func (p *panel) head() {
	w := p.frame.Max.X - p.frame.Min.X
	room := w + p.right
	p.title = ink.Wrap(ink.Sized(ink.Bold, titleSize), p.Figure.title, room)
	p.top = float64(len(p.title)) * titleSize * leading
	if p.above {
		p.rows = nil
		used := room + 1
		for _, e := range p.legend {
			n := e.width(room) + 18
			if used+n-18 > room {
				p.rows, used = append(p.rows, nil), 0
			}
			p.rows[len(p.rows)-1] = append(p.rows[len(p.rows)-1], e)
			used += n
		}
		for _, row := range p.rows {
			p.top += rowHeight(row, room)
		}
	}
	p.top += 10
	p.overRules(w)
	if p.x.names != nil {
		_, rows, deep := p.categories(w)
		p.bottom = bottomOf(rows * deep)
	}
	p.room = p.room.or(p.least)
}

// overRules puts the labels of vertical lines over their lines, apart from
// each other, in as many rows as they need.
func (p *panel) overRules(w float64) {
	const apart = 14.0
	p.strip = nil
	rules := slices.Clone(p.rules)
	slices.SortStableFunc(rules, func(a, b rule) int { return cmp.Compare(a.at, b.at) })
	total := 0.0
	for _, r := range rules {
		if x := p.sx.norm(r.at); r.vertical && x >= 0 && x <= 1 {
			p.strip = append(p.strip, label{text: r.label, to: ink.At(x*w, 0)})
			total += ink.Width(ink.Sized(ink.Regular, tickSize), r.label) + apart
		}
	}
	room := w + p.right
	rows := int(math.Ceil((total - apart) / room))
	for row := range rows {
		free := 0.0
		for i := row; i < len(p.strip); i += rows {
			n := ink.Width(ink.Sized(ink.Regular, tickSize), p.strip[i].text)
			p.strip[i].at = ink.At(max(p.strip[i].to.X-n/2, free), 14+float64(row)*tickSize*leading)
			free = p.strip[i].at.X + n + apart
		}
		// What reaches too far to the right pushes the others back, half of
		// the way, so that the shift is shared.
		end := room
		for i := len(p.strip) - 1; i >= 0; i-- {
			if i%rows == row {
				n := ink.Width(ink.Sized(ink.Regular, tickSize), p.strip[i].text)
				shift := max(p.strip[i].at.X-(p.strip[i].to.X-n/2), 0) / 2
				p.strip[i].at.X = min(p.strip[i].at.X-shift, end-n)
				end = p.strip[i].at.X - apart
			}
		}
	}
	if rows > 0 {
		p.top += 8 + float64(rows)*tickSize*leading
	}
}

// rowHeight is that of a row of a legend above the frame.
func rowHeight(row []entry, room float64) float64 {
	lines := 0
	for _, e := range row {
		lines = max(lines, len(e.linesIn(room)))
	}
	return 4 + float64(lines)*tickSize*leading
}

func (e entry) linesIn(room float64) []string {
	return ink.Wrap(ink.Sized(ink.Regular, tickSize), e.text, room-e.sample()-6)
}

func (e entry) width(room float64) float64 {
	widest := 0.0
	for _, l := range e.linesIn(room) {
		widest = max(widest, ink.Width(ink.Sized(ink.Regular, tickSize), l))
	}
	return e.sample() + 6 + widest
}

// sample is the width of the entry's sign in a legend above the frame.
func (e entry) sample() float64 {
	if e.line || e.band > 0 || e.arrow || e.bar || e.faint {
		return sampleLen
	}
	return 16
}

// name puts the ends of curves into words beside them, where nothing else is
// drawn. It reports whether all found a place; the others go into the legend.
func (p *panel) name() bool {
	p.labels = nil
	if p.plane() || !slices.ContainsFunc(p.series, p.toName) {
		return true
	}
	var drawn [][]ink.Point
	for _, s := range p.series {
		for _, l := range p.stretch(s).lines {
			drawn = append(drawn, ink.Columns(p.placeAll(l), ink.Column))
		}
		for i := range s.lo {
			drawn = append(drawn, p.placeAll([]ink.Point{p.at(s.xs[i], max(s.lo[i], p.sy.lo)), p.at(s.xs[i], s.hi[i])}))
		}
		for i := range s.x2 {
			drawn = append(drawn, p.placeAll([]ink.Point{p.at(s.xs[i], s.ys[i]), p.at(s.x2[i], s.ys[i])}))
		}
	}
	for _, r := range p.rules {
		if r.vertical {
			u := p.sx.norm(r.at)
			drawn = append(drawn, p.placeAll([]ink.Point{ink.At(u, 0), ink.At(u, 1)}))
		} else {
			u := p.sy.norm(r.at)
			drawn = append(drawn, p.placeAll([]ink.Point{ink.At(0, u), ink.At(1, u)}))
		}
	}
	all := true
	for _, s := range p.series {
		if !p.toName(s) {
			continue
		}
		way := p.stretch(s)
		text := p.note(s, way.left)
		n := ink.Width(ink.Sized(ink.Regular, tickSize), text)
		tip := p.place(way.last)
		found := false
		for k := 0; k < 10 && !found; k++ {
			x := tip.X + 12
			if k%2 == 1 {
				x = tip.X - 12 - n
			}
			y := min(tip.Y, p.frame.Max.Y-6) - tickSize*0.8 - float64(k/2)*tickSize*leading
			box := ink.Rect{Min: ink.At(x-4, y-5), Max: ink.At(x+n+4, y+tickSize)}
			if !p.frame.Has(box.Min) || !p.frame.Has(box.Max) || crosses(box, drawn) {
				continue
			}
			found = true
			p.labels = append(p.labels, label{text, ink.At(x, y), tip})
			drawn = append(drawn, []ink.Point{box.Min, box.Max}, []ink.Point{ink.At(box.Min.X, box.Max.Y), ink.At(box.Max.X, box.Min.Y)})
		}
		if !found {
			p.noted[s.name] = true
			all = false
		}
	}
	return all
}

// toName says whether the end of a series is to be told beside it.
func (p *panel) toName(s *series) bool {
	return s.kind != bundle && !s.zero && !p.noted[s.name] && p.note(s, p.stretch(s).left) != ""
}

func crosses(box ink.Rect, drawn [][]ink.Point) bool {
	for _, l := range drawn {
		for i := range l {
			if box.Has(l[i]) {
				return true
			}
			if i > 0 {
				if _, _, ok := box.Clip(l[i-1], l[i]); ok {
					return true
				}
			}
		}
	}
	return false
}

// names are the labels of the color bar, empty where there are too many.
func (f *field) names() []string {
	if !f.log {
		return numbers(f.levels)
	}
	out := make([]string, len(f.levels))
	for i, l := range f.levels {
		e := int(math.Floor(math.Log10(l) + 1e-9))
		if m := l / power(1, e); math.Abs(m-math.Round(m)) < 1e-6 {
			out[i] = powerLabel(int(math.Round(m)), e, true)
		} else {
			out[i] = number(l)
		}
	}
	return out
}
