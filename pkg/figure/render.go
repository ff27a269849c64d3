package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// SVG returns the picture as an SVG document that scales with the page and
// carries Alt. The same figure gives the same bytes.
func (f *Figure) SVG() ([]byte, error) {
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return drawSVG(l.w, l.h, f.heading(), f.alternative(l), l.draw)
}

// PNG returns the same drawing as an image of twice as many dots as Size, which
// it asks to be shown in that size. The same figure gives the same bytes.
func (f *Figure) PNG() ([]byte, error) {
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return drawPNG(l.w, l.h, l.draw)
}

func drawSVG(w, h int, title, alt string, draw func(pen)) ([]byte, error) {
	c := newSVG(w, h, title, alt)
	if err := drawOn(c, draw); err != nil {
		return nil, err
	}
	return c.bytes(), nil
}

func drawPNG(w, h int, draw func(pen)) ([]byte, error) {
	c := newPNG(w, h)
	if err := drawOn(c, draw); err != nil {
		return nil, err
	}
	return c.bytes()
}

// opsOf are the strokes of a picture, or an error where they are too many.
func opsOf(draw func(pen)) ([]op, error) {
	var ops []op
	left := mostDrawn
	if draw(pen{kept: &ops, left: &left}); left < 0 {
		return nil, fmt.Errorf("figure: the picture has more than %d corners, which no reader could see; draw fewer points, arrows or cells in it", mostDrawn)
	}
	return ops, nil
}

// drawOn draws a picture, unless it is too much.
func drawOn(c vg.Canvas, draw func(pen)) error {
	ops, err := opsOf(draw)
	if err == nil {
		drawAll(c, ops)
	}
	return err
}

// Size returns the width and height in CSS pixels, or zeros where SVG and PNG
// return an error.
func (f *Figure) Size() (width, height int) {
	l, err := f.layout()
	if err != nil {
		return 0, 0
	}
	return l.w, l.h
}

// Alt returns the text alternative: that of Describe, or else the title, the
// axes with their limits, and every series with where it begins and ends.
func (f *Figure) Alt() string {
	l, err := f.layout()
	switch {
	case f == nil:
		return "no figure"
	case err != nil && f.alt == "":
		return cmp.Or(f.heading(), "figure")
	}
	return f.alternative(l)
}

func (f *Figure) alternative(l *layout) string {
	if f.alt != "" {
		return minus(f.alt)
	}
	return minus(l.describe())
}

func (l *layout) describe() string {
	var parts []string
	for i, p := range l.panels {
		s := p.describe()
		if len(l.panels) > 1 {
			s = fmt.Sprintf("Panel %d: %s", i+1, s)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func (f *Figure) heading() string {
	if f.panels == nil {
		return f.title
	}
	var names []string
	for _, p := range f.panels {
		if p != nil {
			names = append(names, p.title)
		}
	}
	return strings.Join(names, "; ")
}

func (p *panel) describe() string {
	axis := func(side string, a Axis, s scale) string {
		if a.names != nil {
			return fmt.Sprintf("%s axis: %s, with %s.", side, a.label, strings.Join(a.names, ", "))
		}
		log := ""
		if a.log {
			log = ", logarithmic"
		}
		return fmt.Sprintf("%s axis: %s%s, from %s to %s.", side, a.label, log, number(s.lo), number(s.hi))
	}
	out := []string{p.Figure.title + ".", axis("Horizontal", p.x, p.sx), axis("Vertical", p.y, p.sy)}
	if p.field != nil {
		names := p.field.names()
		out = append(out, fmt.Sprintf("Contours of %s, levels %s.", p.field.label, strings.Join(names, ", ")))
	}
	if p.heat != nil {
		out = append(out, p.describeHeat())
	}
	told := map[string]bool{} // bundles
	for _, s := range p.series {
		if s.kind != bundle || !told[s.name] {
			out = append(out, p.describeSeries(s)+".")
		}
		told[s.name] = told[s.name] || s.kind == bundle
	}
	for _, r := range p.rules {
		side := "Horizontal"
		if r.vertical {
			side = "Vertical"
		}
		out = append(out, fmt.Sprintf("%s line at %s: %s.", side, number(r.at), r.label))
	}
	for _, m := range p.marks {
		out = append(out, fmt.Sprintf("Star at (%s, %s): %s.", number(m.x), number(m.y), m.name))
	}
	return strings.Join(out, " ")
}

func (p *panel) describeSeries(s *series) string {
	switch s.kind {
	case bundle:
		return p.describeRuns(s.name)
	case bars:
		return describeBars(s)
	case intervals:
		return p.describeIntervals(s)
	case arrows, resultant:
		text := p.describeArrows(s)
		if n := p.arrowNote(s); n != "" {
			text += ", " + n
		}
		return text
	case ellipse:
		return fmt.Sprintf("%s (theory): %s", s.name, s.detail)
	case powerLaw:
		return fmt.Sprintf("%s (fitted power law): %s", s.name, s.detail)
	}
	first := 0
	for !s.ok(first) {
		first++
	}
	value := func(i int) string {
		switch {
		case s.hi != nil:
			return number(s.ys[i]) + " to " + number(s.hi[i])
		case p.plane():
			return fmt.Sprintf("(%s, %s)", number(s.xs[i]), number(s.ys[i]))
		}
		return number(s.ys[i])
	}
	text := fmt.Sprintf("%s (%v): from %s to %s", s.name, s.kind, value(first), value(s.n-1))
	if len(s.ys) == 1 {
		text = fmt.Sprintf("%s (%v): %s", s.name, s.kind, value(0))
	}
	if n := p.note(s, p.stretch(s).left); n != "" {
		text += ", " + n
	}
	return text
}

// layout is a picture with everything in its place.
type layout struct {
	w, h   int
	panels []*panel
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
	values, series := 0, 0
	for i, g := range figures {
		if err := cmp.Or(atMost(mostValues, values, "values"), atMost(mostSeries, series, "curves and sets of points")); err != nil {
			return nil, err
		}
		p, err := g.panelOf(common)
		if err != nil {
			if numbered {
				err = fmt.Errorf("panel %d: %w", i+1, err)
			}
			return nil, err
		}
		if common.rooms != nil {
			p.least = common.rooms[i]
		}
		values, series = values+g.values, series+len(g.series)
		p.above = p.plane() || cols > 1 || p.x.names != nil // names need the width
		l.panels = append(l.panels, p)
	}
	for i, p := range l.panels {
		if i%cols > 0 {
			prev := l.panels[i-1]
			p.hideY = p.sy == prev.sy && p.y.label == prev.y.label && slices.Equal(p.y.names, prev.y.names)
		}
		if i%cols < cols-1 && i+1 < len(l.panels) {
			p.hideBar = p.sameBar(l.panels[i+1])
		}
		if p.heat != nil && p.shades.lo == p.shades.hi { // no number to shade
			p.hideBar = true
		}
	}
	for settled := false; !settled; {
		for i, p := range l.panels {
			p.entries()
			p.legend = slices.DeleteFunc(p.legend, func(e entry) bool { return l.shown(e, i) })
			p.sides()
		}
		if err := l.place(cols); err != nil {
			return nil, err
		}
		settled = true
		for _, p := range l.panels {
			settled = p.name() && settled
		}
	}
	return l, nil
}

// sameBar says whether the colour bar of another panel explains this one's shades.
func (p *panel) sameBar(q *panel) bool {
	switch {
	case p.field != nil && q.field != nil:
		return q.field.label == p.field.label && slices.Equal(q.field.levels, p.field.levels)
	case p.heat != nil && q.heat != nil:
		return p.heat.label == q.heat.label
	}
	return false
}

// shown says whether a panel before the i-th explains the same sign.
func (l *layout) shown(e entry, i int) bool {
	return (e.ring || e.star) && slices.ContainsFunc(l.panels[:i], func(p *panel) bool {
		return slices.ContainsFunc(p.legend, func(o entry) bool { return o.text == e.text && o.ring == e.ring && o.star == e.star })
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
		case p.equal:
			ratio = max(ratio, (p.sy.hi-p.sy.lo)/(p.sx.hi-p.sx.lo))
		case p.heat != nil: // cells twice as wide as high
			ratio = max(ratio, min(max(0.5*float64(len(p.y.names))/float64(len(p.x.names)), 0.3), 0.85))
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
		p.frame = rect{point{0, 0}, point{w, h}}
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
				l.panels[i].frame = rect{point{x, y}, point{x + w, y + h}}
				l.panels[i].top = top[r]
			}
			x += w + right[c] + gap
		}
		y -= bottom[r] + gap
	}
	return nil
}

// common is what panels have in common: the style of each name and the shades
// of each label.
type common struct {
	styles map[string]style
	shades map[string]shades
	rooms  []room          // that the panels have at least, in an animation
	thin   map[string]bool // paths that are thin lines in every frame of it
}

func commonOf(figures []*Figure) *common {
	return &common{styles: stylesOf(figures), shades: shadesOf(figures), thin: map[string]bool{}}
}

// stylesOf gives every name its colour, dash and marker, in order of appearance.
func stylesOf(figures []*Figure) map[string]style {
	styles := map[string]style{}
	measured, theories := 0, 0
	for _, f := range figures {
		if f == nil {
			continue
		}
		for _, s := range f.series {
			if _, ok := styles[s.name]; ok {
				continue
			}
			if s.kind == theory || s.kind == theoryBand || s.kind == ellipse {
				styles[s.name] = theoryStyle(theories)
				theories++
			} else {
				styles[s.name] = seriesStyle(measured)
				measured++
			}
		}
	}
	return styles
}

// draw begins with what stands still in an animation.
func (l *layout) draw(c pen) {
	c.box(white, rect{point{0, 0}, point{float64(l.w), float64(l.h)}})
	for _, p := range l.panels {
		p.drawGround(c)
	}
	for _, p := range l.panels {
		p.drawData(c)
	}
}

func (p *panel) drawGround(c pen) {
	switch {
	case p.field != nil:
		p.drawField(c)
	case p.heat != nil:
		p.drawHeat(c)
	default:
		p.drawGrid(c)
	}
	p.drawAxes(c)
	switch {
	case p.hideBar:
	case p.field != nil:
		p.drawBar(c)
	case p.heat != nil:
		p.drawShades(c)
	}
	if !p.above {
		p.drawLegend(c)
	}
	p.drawHead(c)
}

func (p *panel) drawData(c pen) {
	for k := theoryBand; k <= resultant; k++ {
		for _, s := range p.series {
			if s.kind == k {
				p.drawSeries(c, s)
			}
		}
		if k == bars {
			p.drawRules(c)
		}
	}
	for _, s := range p.series {
		p.drawEnd(c, s)
	}
	for _, m := range p.marks {
		if at := p.at(m.x, m.y); (rect{point{0, 0}, point{1, 1}}).has(at) {
			c.star(p.place(at), 8)
		}
	}
	for _, l := range p.labels {
		n := width(sized(regular, tickSize), l.text)
		c.box(white, rect{point{l.at.x - 2, l.at.y - 4}, point{l.at.x + n + 2, l.at.y + tickSize*0.8}})
		c.text(l.text, l.at, sized(regular, tickSize), 0, false)
	}
}

// place maps the unit square onto the frame.
func (p *panel) place(u point) point {
	return point{p.frame.min.x + u.x*(p.frame.max.x-p.frame.min.x), p.frame.min.y + u.y*(p.frame.max.y-p.frame.min.y)}
}

func (p *panel) placeAll(u []point) []point {
	out := make([]point, len(u))
	for i := range u {
		out[i] = p.place(u[i])
	}
	return out
}

func (f *field) shade(i int) color.NRGBA {
	t := float64(i) / float64(len(f.levels))
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + t*(float64(b)-float64(a)))) }
	return color.NRGBA{mix(lowFill.R, highFill.R), mix(lowFill.G, highFill.G), mix(lowFill.B, highFill.B), 0xff}
}

// drawField lays the shade of each level over that of the one below.
func (p *panel) drawField(c pen) {
	c.box(p.field.shade(0), p.frame)
	var iso [][]point
	for i, loops := range p.field.borders() {
		var region [][]point
		for _, l := range loops {
			region = append(region, peucker(p.placeAll(l.pts), tolerance))
			for _, line := range l.lines() {
				iso = append(iso, peucker(p.placeAll(line), tolerance))
			}
		}
		if len(region) > 0 {
			c.fill(p.field.shade(i+1), region...)
		}
	}
	for _, line := range iso {
		c.stroke(style{color: isoInk, width: 0.8}, line...)
	}
}

func (p *panel) drawGrid(c pen) {
	for _, t := range ticks(p.x, p.sx) {
		if u := p.sx.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.stroke(style{color: grid, width: 1}, p.place(point{u, 0}), p.place(point{u, 1}))
		}
	}
	for _, t := range p.sy.ticks() {
		if u := p.sy.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.stroke(style{color: grid, width: 1}, p.place(point{0, u}), p.place(point{1, u}))
		}
	}
}

func (p *panel) drawRules(c pen) {
	for _, r := range p.rules {
		if u := p.sx.norm(r.at); r.vertical && u >= 0 && u <= 1 {
			c.stroke(ruleStyle, p.place(point{u, 0}), p.place(point{u, 1}))
		}
		if u := p.sy.norm(r.at); !r.vertical && u >= 0 && u <= 1 {
			c.stroke(ruleStyle, p.place(point{0, u}), p.place(point{1, u}))
		}
	}
}

func (p *panel) drawSeries(c pen, s *series) {
	st := p.styles[s.name]
	switch s.kind {
	case band, theoryBand:
		p.drawBand(c, s, st)
	case bars:
		p.drawBars(c, s, st)
	case bundle:
		p.drawRun(c, s, st)
	case stems:
		p.drawStems(c, s, st)
	case intervals:
		p.drawIntervals(c, s, st)
	case arrows, resultant:
		p.drawArrows(c, s, st)
	case ellipse:
		for _, l := range p.stretch(s).lines {
			l = decimate(p.placeAll(l))
			c.stroke(style{color: halo, width: 4.5}, l...)
			st.width = 2
			c.stroke(st, l...)
		}
	case powerLaw:
		for _, l := range p.stretch(s).lines {
			c.stroke(style{color: st.color, width: 1.6}, p.placeAll(l)...)
		}
	case line, theory:
		for _, l := range p.stretch(s).lines {
			l = p.placeAll(l)
			if len(l) == 1 { // a value between two gaps
				c.marker(st, l[0], 2.5)
			}
			c.stroke(st, decimate(l)...)
		}
	case path:
		st.dashes = nil // its markers tell it apart
		lines := p.stretch(s).lines
		at := p.markers(s, apartMarkers)
		// A walk of many steps, SGD's around the optimum say, is a thin line:
		// a marker on each would hide it.
		if len(at) > crowd || p.thin[s.name] {
			st.width, at = 1.2, nil
		} else {
			for _, l := range lines {
				c.stroke(style{color: halo, width: st.width + 2.5}, decimate(p.placeAll(l))...)
			}
		}
		for _, l := range lines {
			c.stroke(st, decimate(p.placeAll(l))...)
		}
		for _, q := range at {
			c.marker(st, q, 3.2)
		}
	case points:
		size := 4.0
		if p.follows(s) {
			size = 6.5
		}
		c.markers(st, p.markers(s, 0), size)
	}
}

const (
	apartMarkers = 9.0
	crowd        = 150
)

// follows says whether points mark places on a path, which must stand out from
// its own markers: where an animation is now.
func (p *panel) follows(s *series) bool {
	return slices.ContainsFunc(p.series, func(o *series) bool { return o.kind == path && o.name == s.name })
}

// markers are the places of the values in the frame, without those nearer
// than apart to the one before.
func (p *panel) markers(s *series, apart float64) []point {
	var out []point
	for i := range s.n {
		if !s.ok(i) || !(rect{point{0, 0}, point{1, 1}}).has(p.at(s.xs[i], s.ys[i])) {
			continue
		}
		at := p.place(p.at(s.xs[i], s.ys[i]))
		if n := len(out); n == 0 || at.sub(out[n-1]).length() >= apart {
			out = append(out, at)
		}
	}
	return out
}

// drawBand fills each stretch between gaps. Its height is clamped to the
// frame, which cuts it as long as its corners lie within the horizontal limits.
func (p *panel) drawBand(c pen, s *series, st style) {
	unit := rect{point{0, 0}, point{1, 1}}
	shade, rim := st.color, style{color: st.color, width: 0.8}
	shade.A = bandShade
	if s.kind == theoryBand {
		shade.A, rim.width = theoryShade, 0
	}
	for i := 0; i < s.n; i++ {
		var low, high []point
		for ; i < s.n && s.ok(i); i++ {
			low, high = append(low, p.at(s.xs[i], s.ys[i])), append(high, p.at(s.xs[i], s.hi[i]))
		}
		if len(low) < 2 {
			continue
		}
		low, high = clampBand(low), clampBand(high)
		edge := func(b []point) []point { return decimate(p.placeAll(b)) }
		around := edge(low)
		up := edge(high)
		slices.Reverse(up)
		c.fill(shade, append(around, up...))
		for _, b := range [][]point{low, high} {
			var cur []point
			for k := range b {
				if b[k].y > 0 && b[k].y < 1 && unit.has(b[k]) {
					cur = append(cur, b[k])
					continue
				}
				c.stroke(rim, edge(cur)...)
				cur = nil
			}
			c.stroke(rim, edge(cur)...)
		}
	}
}

// clampBand cuts an edge of a band to the unit square: pieces beyond its left
// and right side go, those above and below lie down on the border.
func clampBand(b []point) []point {
	tallRect := rect{point{0, math.Inf(-1)}, point{1, math.Inf(1)}}
	flat := rect{point{math.Inf(-1), 0}, point{math.Inf(1), 1}}
	var out []point
	push := func(q point) {
		q.y = min(max(q.y, 0), 1)
		if n := len(out); n == 0 || out[n-1] != q {
			out = append(out, q)
		}
	}
	for i := range b[1:] {
		a, z, ok := tallRect.clip(b[i], near(b[i], b[i+1]))
		if !ok {
			continue
		}
		push(a)
		if u, v, ok := flat.clip(a, z); ok { // where it crosses the border
			push(u)
			push(v)
		}
		push(z)
	}
	return out
}

// drawEnd marks the start of a path, and how a series ends.
func (p *panel) drawEnd(c pen, s *series) {
	if !s.kind.joined() && s.kind != points {
		return
	}
	st := p.styles[s.name]
	way := p.stretch(s)
	switch {
	case way.left >= 0 && s.kind != bundle:
		w, h := p.frame.max.x-p.frame.min.x, p.frame.max.y-p.frame.min.y
		c.arrow(st, p.place(way.tip), point{way.dir.x * w, way.dir.y * h})
	case s.diverged() && len(way.lines) > 0:
		size := 5.5
		if s.kind == bundle {
			size = 3
		}
		c.cross(st, p.place(way.last), size)
	}
	if s.kind == path && s.ok(0) {
		if at := p.at(s.xs[0], s.ys[0]); (rect{point{0, 0}, point{1, 1}}).has(at) {
			c.ring(p.place(at))
		}
	}
}

func (p *panel) drawAxes(c pen) {
	f := p.frame
	rim := style{color: axes, width: 1.2}
	c.stroke(rim, point{f.min.x, f.max.y}, f.min, point{f.max.x, f.min.y})
	if p.field != nil {
		c.stroke(rim, point{f.min.x, f.max.y}, f.max, point{f.max.x, f.min.y})
	}
	free := math.Inf(-1) // where the last label ends
	if p.x.names != nil {
		p.drawCategories(c)
	}
	for _, t := range p.sx.ticks() {
		if p.x.names != nil {
			break
		}
		at := p.place(point{p.sx.norm(t.at), 0})
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.stroke(rim, at, point{at.x, at.y - n})
		half := width(sized(regular, tickSize), t.label) / 2
		if t.label != "" && at.x-half >= free {
			c.text(t.label, point{at.x, at.y - tickLen - 3 - tickSize*0.8}, sized(regular, tickSize), 0.5, false)
			free = at.x + half + 8
		}
	}
	for _, t := range ticks(p.y, p.sy) {
		at := p.place(point{0, p.sy.norm(t.at)})
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.stroke(rim, at, point{at.x - n, at.y})
		if t.label != "" && !p.hideY {
			c.text(t.label, point{at.x - tickLen - 4, at.y - tickSize*0.35}, sized(regular, tickSize), 1, false)
		}
	}
	c.text(p.x.label, point{(f.min.x + f.max.x) / 2, f.min.y - p.bottom + labelSize*0.3}, sized(regular, labelSize), 0.5, false)
	if !p.hideY {
		c.text(p.y.label, point{f.min.x - p.left + labelSize*0.85, (f.min.y + f.max.y) / 2}, sized(regular, labelSize), 0.5, true)
	}
}

// drawCategories writes the categories of the horizontal axis.
func (p *panel) drawCategories(c pen) {
	names, rows, deep := p.categories(p.frame.max.x - p.frame.min.x)
	for i, lines := range names {
		at := p.place(point{p.sx.norm(float64(i)), 0})
		down := tickLen + float64(i%rows*deep)*tickSize*leading
		c.stroke(style{color: axes, width: 1.2}, at, point{at.x, at.y - down})
		for k, l := range lines {
			c.text(l, point{at.x, at.y - down - 3 - tickSize*0.8 - float64(k)*tickSize*leading}, sized(regular, tickSize), 0.5, false)
		}
	}
}

// drawHead writes what stands above the frame.
func (p *panel) drawHead(c pen) {
	x, y := p.frame.min.x, p.frame.max.y+p.top
	for _, l := range p.title {
		y -= titleSize * leading
		c.text(l, point{x, y + titleSize*0.25}, sized(bold, titleSize), 0, false)
	}
	room := p.frame.max.x - p.frame.min.x + p.right
	for _, row := range p.rows {
		at := x
		for _, e := range row {
			base := y - 4 - tickSize*0.85
			e.draw(c, point{at, base + tickSize*0.35}, e.sample())
			for k, l := range e.linesIn(room) {
				c.text(l, point{at + e.sample() + 6, base - float64(k)*tickSize*leading}, sized(regular, tickSize), 0, false)
			}
			at += e.width(room) + 18
		}
		y -= rowHeight(row, room)
	}
	top := p.frame.max.y
	for _, l := range p.strip {
		mid := l.at.x + width(sized(regular, tickSize), l.text)/2
		c.stroke(ruleStyle, point{x + l.to.x, top}, point{x + mid, top + l.at.y - 7})
		c.text(l.text, point{x + l.at.x, top + l.at.y}, sized(regular, tickSize), 0, false)
	}
}

// drawLegend puts each name beside the end of its curve, and moves those apart
// that would touch.
func (p *panel) drawLegend(c pen) {
	entries := slices.Clone(p.legend)
	slices.SortStableFunc(entries, func(a, b entry) int {
		switch {
		case a.at > b.at:
			return -1
		case a.at < b.at:
			return 1
		}
		return 0
	})
	const line = tickSize * leading
	f := p.frame
	ys := make([]float64, len(entries)) // of the first line's middle
	bottom := math.Inf(1)
	for i, e := range entries {
		y := min(f.max.y-line/2, p.place(point{0, e.at}).y)
		ys[i] = min(y, bottom-line/2-3)
		bottom = ys[i] - line*(float64(len(e.lines()))-0.5)
	}
	// What has been pushed out below is pushed back up.
	floor := f.min.y
	for i := len(entries) - 1; i >= 0; i-- {
		need := floor + line*(float64(len(entries[i].lines()))-0.5)
		ys[i] = max(ys[i], need)
		floor = ys[i] + line/2 + 3
		if i > 0 && ys[i-1] >= floor+line*(float64(len(entries[i-1].lines()))-0.5) {
			break
		}
	}
	for i, e := range entries {
		x := f.max.x + 8
		e.draw(c, point{x, ys[i]}, sampleLen)
		for k, l := range e.lines() {
			c.text(l, point{x + sampleLen + 6, ys[i] - tickSize*0.35 - float64(k)*line}, sized(regular, tickSize), 0, false)
		}
	}
}

// draw shows the entry's signs, from at to the right.
func (e entry) draw(c pen, at point, wide float64) {
	mid, end := point{at.x + wide/2, at.y}, point{at.x + wide, at.y}
	solid := style{color: e.style.color, width: e.style.width}
	shade := e.style.color
	if e.band > 0 {
		shade.A = e.band
		c.box(shade, rect{point{at.x, at.y - 6}, point{end.x, at.y + 6}})
	}
	if e.bar {
		shade.A = barShade
		c.box(shade, rect{point{at.x + 4, at.y - 6}, point{end.x - 4, at.y + 6}})
		c.stroke(style{color: solid.color, dashes: e.style.dashes, width: 1.4},
			point{at.x + 4, at.y - 6}, point{at.x + 4, at.y + 6}, point{end.x - 4, at.y + 6}, point{end.x - 4, at.y - 6})
	}
	if e.faint {
		for _, up := range []float64{-5, 0, 5} {
			c.stroke(e.style.pale(1), point{at.x, at.y + up}, point{end.x, at.y + up})
		}
	}
	if e.whisker {
		c.strokes(solid, []point{{mid.x, at.y - 8}, {mid.x, at.y + 8}},
			[]point{{mid.x - 4, at.y - 8}, {mid.x + 4, at.y - 8}}, []point{{mid.x - 4, at.y + 8}, {mid.x + 4, at.y + 8}})
	}
	switch {
	case e.line && e.marker:
		c.stroke(solid, at, end)
	case e.line:
		c.stroke(e.style, at, end)
	}
	switch {
	case e.arrow:
		c.darts(solid, []dart{{at, end, true}})
	case e.marker:
		c.marker(e.style, mid, 4)
	case e.star:
		c.star(mid, 7)
	case e.ring:
		c.ring(mid)
	}
}

// drawBar draws the colour bar: every shade, and the level between two of them.
func (p *panel) drawBar(c pen) {
	f := p.frame
	names := p.field.names()
	n := len(names)
	x := f.max.x + barGap
	step := (f.max.y - f.min.y) / float64(n+1)
	for i := range n + 1 {
		y := f.min.y + float64(i)*step
		c.box(p.field.shade(i), rect{point{x, y}, point{x + barWidth, y + step}})
	}
	rim := style{color: axes, width: 1}
	c.outline(rim, rect{point{x, f.min.y}, point{x + barWidth, f.max.y}})
	every := int(math.Ceil(tickSize * 1.1 / step))
	for i, name := range names {
		y := f.min.y + float64(i+1)*step
		c.stroke(style{color: isoInk, width: 0.8}, point{x, y}, point{x + barWidth, y})
		if (n-1-i)%every == 0 {
			c.text(name, point{x + barWidth + 6, y - tickSize*0.35}, sized(regular, tickSize), 0, false)
		}
	}
	c.text(p.field.label, point{f.max.x + p.right - 4, (f.min.y + f.max.y) / 2}, sized(regular, labelSize), 0.5, true)
}
