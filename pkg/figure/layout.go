package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// The look of all pictures. Lengths are CSS pixels.
const (
	margin    = 16.0  // of the card
	gap       = 26.0  // between panels
	single    = 760.0 // width of a picture of one panel
	several   = 920.0 // width of a row
	tall      = 400.0 // a frame's height at most
	titleSize = 17.0
	labelSize = 16.0
	tickSize  = 15.0 // 11¼ pt, the smallest letters
	smallest  = 11.0 // 8 pt, of what must fit into its place
	leading   = 1.2
	tickLen   = 5.0
	sampleLen = 30.0 // of a line in the legend
)

// Panel is a panel of a picture with everything settled: its scales, styles and legend, and the frame in which the marks are
// drawn.
type Panel struct {
	title  string
	x, y   Axis
	marks  []mark
	curves int
	sx, sy scale
	styles map[string]Style
	thin   map[string]bool // paths that are thin lines

	flat           bool    // a plane of two parameters rather than a function over an axis
	framed         bool    // on all four sides
	ratio          float64 // of the frame's height to its width; 0 for the usual one
	low            bool    // half as high as wide
	bar            colored // what a color bar explains, or nil
	above          bool    // the legend stands above the frame, not to the right
	hideY, hideBar bool    // the neighbor in the row shows them

	frame   Rect
	room         // beside the frame
	least   room // in an animation
	heading []string
	legend  []Entry
	rows    [][]Entry       // of a legend above
	strip   []label         // over the vertical lines
	labels  []label         // beside the ends of curves
	noted   map[string]bool // names whose end is told in the legend
	starts  bool            // the legend explains the start of a path
	drawn   map[*values]stretch
	words   string // that describe it
	err     error  // the first mistake of a mark from outside
}

func (p *Panel) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Place is where a point of the data lies, in the frame or beyond it.
func (p *Panel) Place(x, y float64) Point { return p.place(p.at(x, y)) }

// Frame is the rectangle of the axes.
func (p *Panel) Frame() Rect { return p.frame }

// Style is that of the marks of a name.
func (p *Panel) Style(name string) Style { return p.styles[name] }

// Clip is what of a line of places lies in the frame, in pieces.
func (p *Panel) Clip(line ...Point) [][]Point {
	var out [][]Point
	for i := range line[:max(len(line)-1, 0)] {
		a, b, ok := p.frame.Clip(line[i], line[i+1])
		if n := len(out); ok && n > 0 && out[n-1][len(out[n-1])-1] == a {
			out[n-1] = append(out[n-1], b)
		} else if ok {
			out = append(out, []Point{a, b})
		}
	}
	return out
}

// colored is a mark whose colors a bar beside the frame explains.
type colored interface {
	mark
	barRoom() float64 // 0 for no bar
	sameBar(o colored) bool
	drawBar(c Pen, p *Panel)
}

var unit = Rect{Min: At(0, 0), Max: At(1, 1)}

func (p *Panel) width() float64  { return p.frame.Max.X - p.frame.Min.X }
func (p *Panel) height() float64 { return p.frame.Max.Y - p.frame.Min.Y }

// at maps a point of the data onto the unit square.
func (p *Panel) at(x, y float64) Point { return At(p.sx.norm(x), p.sy.norm(y)) }

// place maps the unit square onto the frame.
func (p *Panel) place(u Point) Point {
	return At(p.frame.Min.X+u.X*p.width(), p.frame.Min.Y+u.Y*p.height())
}

func (p *Panel) placeAll(u []Point) []Point {
	out := make([]Point, len(u))
	for i := range u {
		out[i] = p.place(u[i])
	}
	return out
}

func (f *Figure) panelOf(common *common) (*Panel, error) {
	if f.err != nil {
		return nil, f.err
	}
	if err := f.check(); err != nil { // of a Figure that New did not make
		return nil, err
	}
	if len(f.marks) == 0 {
		return nil, fmt.Errorf("figure: %q is empty; add a Line, Points, Path or Contour", f.title)
	}
	texts := append(append([]string{f.title, f.x.label, f.y.label}, f.x.names...), f.y.names...)
	names, more := map[string]bool{}, 0
	for _, m := range f.marks {
		texts = append(texts, m.Name())
		switch m.base().group {
		case data:
			names[m.Name()] = true
		case rules, stars:
			more++
		}
	}
	if err := atMost(mostNames, len(names)+more, "names, lines and marks of one panel"); err != nil {
		return nil, err
	}
	for _, t := range texts {
		if err := checkText(t); err != nil {
			return nil, err
		}
	}
	p := f.scaled()
	p.styles, p.thin = common.styles, common.thin
	if err := p.scales(); err != nil {
		return nil, err
	}
	return p, p.settle(common)
}

// scaled is a panel whose scales are not yet known.
func (f *Figure) scaled() *Panel {
	return &Panel{title: f.title, x: f.x, y: f.y, low: f.low, marks: slices.Clone(f.marks), curves: f.curves,
		flat: slices.ContainsFunc(f.marks, func(m mark) bool { return m.base().plane }), noted: map[string]bool{}, drawn: map[*values]stretch{}}
}

// settle replaces the ground by what it is in the frame.
func (p *Panel) settle(shared *common) (err error) {
	for i, m := range p.marks {
		if m.base().group == ground {
			if p.bar, err = m.settle(p, shared); err != nil {
				return err
			}
			p.marks[i] = p.bar
		}
	}
	return nil
}

func (p *Panel) scales() error {
	p.sx, p.sy = scale{log: p.x.log}, scale{log: p.y.log}
	if p.flat {
		if err := p.center(); err != nil {
			return err
		}
	} else if err := p.spread(); err != nil {
		return err
	}
	p.limit(&p.sx, p.x)
	p.limit(&p.sy, p.y)
	if n := len(p.y.names); n > 0 {
		p.sy.lo, p.sy.hi = p.sy.hi, p.sy.lo // read from top to bottom
	}
	for _, a := range []struct {
		s scale
		Axis
	}{{p.sx, p.x}, {p.sy, p.y}} {
		if !a.s.drawable() {
			return fmt.Errorf("figure: %q: the axis %q would go from %v to %v, which cannot be drawn; give it a Range", p.title, a.label, a.s.lo, a.s.hi)
		}
	}
	if ratio := (p.sy.hi - p.sy.lo) / (p.sx.hi - p.sx.lo); p.flat && !p.x.log && !p.y.log && ratio >= 0.4 && ratio <= 1.6 {
		p.ratio = ratio // a unit is as long on both axes
	}
	return nil
}

// limit sets the ends that the axis says.
func (p *Panel) limit(s *scale, a Axis) {
	if a.limited {
		s.lo, s.hi = a.lo, a.hi
	}
	if n := len(a.names); n > 0 {
		*s = scale{lo: -0.5, hi: float64(n) - 0.5}
	}
}

// spread sets the scales to the data. A run that diverges, or grows a
// thousandfold, would squeeze all others into a line: it counts only as far
// as a little above the others, and leaves through the border. Alone, it is
// shown up to a hundred times its beginning, on a logarithmic axis as a whole.
func (p *Panel) spread() error {
	r := p.reach()
	if more, err := p.overAxis(r.x); err != nil {
		return err
	} else if more {
		r = p.reach()
	}
	limit := max(math.Abs(r.y.lo), math.Abs(r.y.hi))
	switch {
	case r.tame && p.y.log:
		limit *= 100
	case r.tame:
		limit *= 2
	case p.y.log:
		limit = math.MaxFloat64
	default:
		limit *= 100
	}
	for _, v := range r.away {
		for i := range v.n {
			if v.ok(i) && math.Abs(v.ys[i]) <= limit {
				r.y.add(v.ys[i])
			}
		}
		if math.Abs(v.ys[v.n-1]) > limit && limit > 0 {
			r.y.add(limit)
		}
	}
	p.sx.lo, p.sx.hi = r.x.or(1)
	if slices.ContainsFunc(p.marks, func(m mark) bool { return m.base().dots }) || p.sx.lo == p.sx.hi {
		p.sx = p.sx.pad(0.04)
	}
	p.sy.lo, p.sy.hi = r.y.or(1)
	p.sy = p.sy.pad(0.05)
	return nil
}

// reach is how far the marks of a panel reach, but for the runs that go away, of which the first value counts.
type reach struct {
	x, y span
	away []*values
	tame bool // some do not go away
}

func (p *Panel) reach() reach {
	r := reach{x: noSpan, y: noSpan}
	include := func(x, y float64) {
		if finite(x) && !(p.x.log && x < tiny) {
			r.x.add(x)
		}
		if finite(y) && !(p.y.log && y < tiny) { // the end of an interval, and a bar's
			r.y.add(y)
		}
	}
	for _, m := range p.marks {
		v := m.base()
		if v.f != nil { // a function, as far as all others
			continue
		}
		if !v.away() {
			m.Extent(include)
			r.tame = r.tame || v.group == data
			continue
		}
		r.away = append(r.away, v)
		first := true
		m.Extent(func(x, y float64) {
			if !first {
				y = math.NaN()
			}
			include(x, y)
			first = false
		})
	}
	return r
}

// center puts the optimum in the middle of a plane, or else the end of a path, or of what else is drawn.
func (p *Panel) center() error {
	if !p.x.limited || !p.y.limited {
		if err := p.centered(); err != nil {
			return err
		}
	}
	_, err := p.overAxis(span{p.sx.lo, p.sx.hi})
	return err
}

func (p *Panel) centered() error {
	var middle Point
	found := false
	for _, group := range []int{stars, data} {
		for _, m := range p.marks {
			if !found && m.base().group == group {
				middle, found = m.center()
			}
		}
	}
	if !found {
		x, y := noSpan, noSpan
		for _, m := range p.marks {
			if pts, _ := m.around(); !m.base().joined { // a path that diverged has no middle
				for _, q := range pts {
					x.add(q.X)
					y.add(q.Y)
				}
			}
		}
		middle, found = At(x.lo, y.lo).Toward(At(x.hi, y.hi), 0.5), !x.empty()
	}
	half := Point{}
	for _, m := range p.marks {
		pts, room := m.around()
		for _, q := range pts {
			half = At(max(half.X, room*math.Abs(q.X-middle.X)), max(half.Y, room*math.Abs(q.Y-middle.Y)))
		}
	}
	// A start right above or beside the optimum still needs a frame with two sides.
	half.X, half.Y = max(half.X, 0.75*half.Y), max(half.Y, 0.75*half.X)
	if !found || half.X == 0 || !finite(half.X) || !finite(half.Y) {
		return fmt.Errorf("figure: %q: the data do not say which part of the plane to show; give both axes a Range, or Mark the optimum", p.title)
	}
	p.sx.lo, p.sx.hi = middle.X-half.X, middle.X+half.X
	p.sy.lo, p.sy.hi = middle.Y-half.Y, middle.Y+half.Y
	return nil
}

// layout is a picture with everything in its place.
type layout struct {
	w, h   int
	panels []*Panel
}

func (f *Figure) layout() (*layout, error) {
	if f == nil {
		return nil, errNil
	}
	if f.err != nil {
		return nil, f.err
	}
	figures, cols := f.panels, f.cols
	if figures == nil {
		figures, cols = []*Figure{f}, 1
	}
	return layoutOf(figures, cols, f.panels != nil, commonOf(figures))
}

func layoutOf(figures []*Figure, cols int, numbered bool, common *common) (*layout, error) {
	l := &layout{}
	inPanel := func(i int, err error) error {
		if numbered {
			return fmt.Errorf("panel %d: %w", i+1, err)
		}
		return err
	}
	values, curves := 0, 0
	for i, g := range figures {
		if err := cmp.Or(atMost(mostValues, values, "values"), atMost(mostSeries, curves, "curves and sets of points")); err != nil {
			return nil, err
		}
		p, err := g.panelOf(common)
		if err != nil {
			return nil, inPanel(i, err)
		}
		if common.rooms != nil {
			p.least = common.rooms[i]
		}
		values, curves = values+g.values, curves+g.curves
		p.above = p.flat || cols > 1 || p.x.names != nil // names need the width
		l.panels = append(l.panels, p)
	}
	for i, p := range l.panels {
		if i%cols > 0 {
			prev := l.panels[i-1]
			p.hideY = p.sy == prev.sy && p.y.label == prev.y.label && slices.Equal(p.y.names, prev.y.names)
		}
		p.hideBar = p.bar == nil || p.bar.barRoom() == 0
		if i%cols < cols-1 && i+1 < len(l.panels) && p.bar != nil && l.panels[i+1].bar != nil {
			p.hideBar = p.hideBar || p.bar.sameBar(l.panels[i+1].bar)
		}
	}
	for settled := false; !settled; {
		for i, p := range l.panels {
			p.entries()
			p.legend = slices.DeleteFunc(p.legend, func(e Entry) bool { return l.shown(e, i) })
			p.sides()
		}
		if err := l.place(cols); err != nil {
			return nil, err
		}
		settled = true
		for _, p := range l.panels {
			settled = p.sayEnds() && settled
		}
	}
	for i, p := range l.panels {
		if p.words = p.describe(); p.err != nil {
			return nil, inPanel(i, p.err)
		}
	}
	return l, nil
}

// shown says whether a panel before the i-th explains the same sign.
func (l *layout) shown(e Entry, i int) bool {
	return (e.ring || e.star) && slices.ContainsFunc(l.panels[:i], func(p *Panel) bool {
		return slices.ContainsFunc(p.legend, func(o Entry) bool { return o.Text == e.Text && o.ring == e.ring && o.star == e.star })
	})
}

// place gives all frames the same size, in rows and columns.
func (l *layout) place(cols int) error {
	left, right := make([]float64, cols), make([]float64, cols)
	ratio := 0.0
	for i, p := range l.panels {
		c := i % cols
		left[c], right[c] = max(left[c], p.left), max(right[c], p.right)
		switch {
		case p.ratio > 0:
			ratio = max(ratio, p.ratio)
		case p.low && cols > 1:
			ratio = max(ratio, 0.5)
		case cols > 1:
			ratio = max(ratio, 0.85)
		default:
			ratio = max(ratio, 0.62)
		}
	}
	total, room := single, 2*margin+gap*float64(cols-1)
	if cols > 1 {
		total = several
	}
	for c := range cols {
		room += left[c] + right[c]
	}
	w := max((total-room)/float64(cols), 120)
	w = min(w, tall/ratio)
	h := w * ratio

	rows := (len(l.panels) + cols - 1) / cols
	top, bottom := make([]float64, rows), make([]float64, rows)
	for i, p := range l.panels {
		p.left, p.right = left[i%cols], right[i%cols]
		p.frame = Rect{Min: At(0, 0), Max: At(w, h)}
		p.head()
		top[i/cols], bottom[i/cols] = max(top[i/cols], p.top), max(bottom[i/cols], p.bottom)
	}
	height := 2*margin + gap*float64(rows-1) + h*float64(rows)
	for r := range rows {
		height += top[r] + bottom[r]
	}
	width := room + w*float64(cols)
	if err := checkSize(width, height); err != nil {
		return err
	}
	l.w, l.h = int(math.Ceil(width)), int(math.Ceil(height))
	y := float64(l.h) - margin
	for r := range rows {
		y -= top[r] + h
		x := margin
		for c := range cols {
			x += left[c]
			if i := r*cols + c; i < len(l.panels) {
				l.panels[i].frame = Rect{Min: At(x, y), Max: At(x+w, y+h)}
				l.panels[i].top = top[r]
			}
			x += w + right[c] + gap
		}
		y -= bottom[r] + gap
	}
	for _, p := range l.panels {
		if err := p.checkLabels(); err != nil {
			return err
		}
	}
	return nil
}

// labelSize is how large the letters of an axis's or a color bar's label are, so that it reaches neither over the end of the
// picture nor into the next panel; it fails where they would be too small to read.
func (p *Panel) labelSize(text string, upright bool) (size float64, ok bool) {
	const over = 12 // into the margin, and less than half the gap
	room := p.width() + 2*(min(p.left, p.right)+over)
	if upright {
		room = p.height() + 2*(min(p.top, p.bottom)+over)
	}
	size = min(labelSize, labelSize*room/ink.Width(ink.Sized(ink.Regular, labelSize), text))
	return size, size >= smallest
}

func (p *Panel) checkLabels() error {
	check := func(text string, upright bool) error {
		if _, ok := p.labelSize(text, upright); !ok {
			return fmt.Errorf("figure: %q: the label %q is too long for its axis or color bar; shorten it", p.title, text)
		}
		return nil
	}
	err := check(p.x.label, false)
	if !p.hideY {
		err = cmp.Or(err, check(p.y.label, true))
	}
	if !p.hideBar {
		err = cmp.Or(err, check(p.bar.Name(), true))
	}
	return err
}

// common is what panels have in common: the style of each name and the shades
// of each label.
type common struct {
	styles map[string]Style
	shades map[string]shades
	rooms  []room          // that the panels have at least, in an animation
	thin   map[string]bool // paths that are thin lines in every frame of it
}

func commonOf(figures []*Figure) *common {
	return &common{styles: stylesOf(figures), shades: shadesOf(figures), thin: map[string]bool{}}
}

// stylesOf gives every name its color, dash and marker, in order of appearance.
func stylesOf(figures []*Figure) map[string]Style {
	styles := map[string]Style{}
	measured, theories := 0, 0
	for m := range marksOf(figures) {
		if _, ok := styles[m.Name()]; ok || m.base().group != data {
			continue
		}
		if m.base().theory {
			styles[m.Name()] = ink.Theory(theories)
			theories++
		} else {
			styles[m.Name()] = ink.Measured(measured)
			measured++
		}
	}
	return styles
}

// sides settles the room to the left and right of the frame.
func (p *Panel) sides() {
	p.left, p.right = 4, 10
	if !p.hideY {
		var labels []string
		for _, t := range p.y.ticks(p.sy) {
			labels = append(labels, t.label)
		}
		p.left = labelSize*leading + 6 + widest(labels) + 4 + tickLen
	}
	if !p.hideBar {
		p.right = max(p.right, p.bar.barRoom())
	}
	if !p.above {
		for _, e := range p.legend {
			p.right = max(p.right, 8+sampleLen+6+widest(e.lines()))
		}
	}
	marks := p.x.ticks(p.sx)
	for i := len(marks) - 1; i >= 0; i-- {
		if marks[i].label != "" {
			p.right = max(p.right, ink.Width(ink.Sized(ink.Regular, tickSize), marks[i].label)/2*math.Max(0, 2*p.sx.norm(marks[i].at)-1))
			break
		}
	}
	p.bottom = bottomOf(1)
	p.room = p.room.or(p.least)
}

// widest is the width of the widest of the texts.
func widest(texts []string) float64 {
	w := 0.0
	for _, t := range texts {
		w = max(w, ink.Width(ink.Sized(ink.Regular, tickSize), t))
	}
	return w
}

// bottomOf is the room that rows of labels take below a frame.
func bottomOf(rows int) float64 {
	return tickLen + 3 + float64(rows)*tickSize*leading + 4 + labelSize*leading
}

// categories breaks the names on the horizontal axis into lines, for a frame of
// width w. They stand in rows, each of deep lines, as many as it takes for no
// name to touch its neighbor.
func (p *Panel) categories(w float64) (names [][]string, rows, deep int) {
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
	barGap   = 14.0
	barWidth = 16.0
)

// head settles the room over the frame, whose width is known by now.
func (p *Panel) head() {
	w := p.frame.Max.X - p.frame.Min.X
	room := w + p.right
	p.heading = ink.Wrap(ink.Sized(ink.Bold, titleSize), p.title, room)
	p.top = float64(len(p.heading)) * titleSize * leading
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

// room is that beside a frame.
type room struct{ left, right, top, bottom float64 }

func (r room) or(s room) room {
	return room{max(r.left, s.left), max(r.right, s.right), max(r.top, s.top), max(r.bottom, s.bottom)}
}
