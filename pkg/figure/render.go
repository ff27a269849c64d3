package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// SVG returns the picture as an SVG document that scales with the page and
// carries Alt. The same figure gives the same bytes.
func (f *Figure) SVG() ([]byte, error) {
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return ink.SVG(l.w, l.h, f.heading(), f.alternative(l), l.draw)
}

// PNG returns the same drawing as an image of twice as many dots as Size, which
// it asks to be shown in that size. The same figure gives the same bytes.
func (f *Figure) PNG() ([]byte, error) {
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return ink.PNG(l.w, l.h, l.draw)
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
		return ink.Minus(f.alt)
	}
	return ink.Minus(l.describe())
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

// sameBar says whether the color bar of another panel explains this one's shades.
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
		p.frame = ink.Rect{Min: ink.At(0, 0), Max: ink.At(w, h)}
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
				l.panels[i].frame = ink.Rect{Min: ink.At(x, y), Max: ink.At(x+w, y+h)}
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
	styles map[string]ink.Style
	shades map[string]shades
	rooms  []room          // that the panels have at least, in an animation
	thin   map[string]bool // paths that are thin lines in every frame of it
}

func commonOf(figures []*Figure) *common {
	return &common{styles: stylesOf(figures), shades: shadesOf(figures), thin: map[string]bool{}}
}

// stylesOf gives every name its color, dash and marker, in order of appearance.
func stylesOf(figures []*Figure) map[string]ink.Style {
	styles := map[string]ink.Style{}
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
				styles[s.name] = ink.Theory(theories)
				theories++
			} else {
				styles[s.name] = ink.Measured(measured)
				measured++
			}
		}
	}
	return styles
}

// draw begins with what stands still in an animation.
func (l *layout) draw(c ink.Pen) {
	c.Box(ink.White, ink.Rect{Min: ink.At(0, 0), Max: ink.At(float64(l.w), float64(l.h))})
	for _, p := range l.panels {
		p.drawGround(c)
	}
	for _, p := range l.panels {
		p.drawData(c)
	}
}

func (p *panel) drawGround(c ink.Pen) {
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

func (p *panel) drawData(c ink.Pen) {
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
		if at := p.at(m.x, m.y); (ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}).Has(at) {
			c.Star(p.place(at), 8)
		}
	}
	for _, l := range p.labels {
		n := ink.Width(ink.Sized(ink.Regular, tickSize), l.text)
		c.Box(ink.White, ink.Rect{Min: ink.At(l.at.X-2, l.at.Y-4), Max: ink.At(l.at.X+n+2, l.at.Y+tickSize*0.8)})
		c.Text(l.text, l.at, ink.Sized(ink.Regular, tickSize), ink.Left)
	}
}

// place maps the unit square onto the frame.
func (p *panel) place(u ink.Point) ink.Point {
	return ink.At(p.frame.Min.X+u.X*(p.frame.Max.X-p.frame.Min.X), p.frame.Min.Y+u.Y*(p.frame.Max.Y-p.frame.Min.Y))
}

func (p *panel) placeAll(u []ink.Point) []ink.Point {
	out := make([]ink.Point, len(u))
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
func (p *panel) drawField(c ink.Pen) {
	c.Box(p.field.shade(0), p.frame)
	var iso [][]ink.Point
	for i, loops := range p.field.borders() {
		var region [][]ink.Point
		for _, l := range loops {
			region = append(region, ink.Peucker(p.placeAll(l.pts), ink.Tolerance))
			for _, line := range l.lines() {
				iso = append(iso, ink.Peucker(p.placeAll(line), ink.Tolerance))
			}
		}
		if len(region) > 0 {
			c.Fill(p.field.shade(i+1), region...)
		}
	}
	for _, line := range iso {
		c.Stroke(ink.Style{Color: isoInk, Width: 0.8}, line...)
	}
}

func (p *panel) drawGrid(c ink.Pen) {
	for _, t := range ticks(p.x, p.sx) {
		if u := p.sx.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.Stroke(ink.Style{Color: ink.Light, Width: 1}, p.place(ink.At(u, 0)), p.place(ink.At(u, 1)))
		}
	}
	for _, t := range p.sy.ticks() {
		if u := p.sy.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.Stroke(ink.Style{Color: ink.Light, Width: 1}, p.place(ink.At(0, u)), p.place(ink.At(1, u)))
		}
	}
}

func (p *panel) drawRules(c ink.Pen) {
	for _, r := range p.rules {
		if u := p.sx.norm(r.at); r.vertical && u >= 0 && u <= 1 {
			c.Stroke(ruleStyle, p.place(ink.At(u, 0)), p.place(ink.At(u, 1)))
		}
		if u := p.sy.norm(r.at); !r.vertical && u >= 0 && u <= 1 {
			c.Stroke(ruleStyle, p.place(ink.At(0, u)), p.place(ink.At(1, u)))
		}
	}
}

func (p *panel) drawSeries(c ink.Pen, s *series) {
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
			l = ink.Decimate(p.placeAll(l))
			c.Stroke(ink.Style{Color: ink.Halo, Width: 4.5}, l...)
			st.Width = 2
			c.Stroke(st, l...)
		}
	case powerLaw:
		for _, l := range p.stretch(s).lines {
			c.Stroke(ink.Style{Color: st.Color, Width: 1.6}, p.placeAll(l)...)
		}
	case line, theory:
		for _, l := range p.stretch(s).lines {
			l = p.placeAll(l)
			if len(l) == 1 { // a value between two gaps
				c.Marker(st, l[0], 2.5)
			}
			c.Stroke(st, ink.Decimate(l)...)
		}
	case path:
		st.Dashes = nil // its markers tell it apart
		lines := p.stretch(s).lines
		at := p.markers(s, apartMarkers)
		// A walk of many steps, SGD's around the optimum say, is a thin line:
		// a marker on each would hide it.
		if len(at) > crowd || p.thin[s.name] {
			st.Width, at = 1.2, nil
		} else {
			for _, l := range lines {
				c.Stroke(ink.Style{Color: ink.Halo, Width: st.Width + 2.5}, ink.Decimate(p.placeAll(l))...)
			}
		}
		for _, l := range lines {
			c.Stroke(st, ink.Decimate(p.placeAll(l))...)
		}
		for _, q := range at {
			c.Marker(st, q, 3.2)
		}
	case points:
		size := 4.0
		if p.follows(s) {
			size = 6.5
		}
		c.Markers(st, p.markers(s, 0), size)
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
func (p *panel) markers(s *series, apart float64) []ink.Point {
	var out []ink.Point
	for i := range s.n {
		if !s.ok(i) || !(ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}).Has(p.at(s.xs[i], s.ys[i])) {
			continue
		}
		at := p.place(p.at(s.xs[i], s.ys[i]))
		if n := len(out); n == 0 || at.Sub(out[n-1]).Length() >= apart {
			out = append(out, at)
		}
	}
	return out
}

// drawBand fills each stretch between gaps. Its height is clamped to the
// frame, which cuts it as long as its corners lie within the horizontal limits.
func (p *panel) drawBand(c ink.Pen, s *series, st ink.Style) {
	unit := ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}
	shade, rim := st.Color, ink.Style{Color: st.Color, Width: 0.8}
	shade.A = bandShade
	if s.kind == theoryBand {
		shade.A, rim.Width = theoryShade, 0
	}
	for i := 0; i < s.n; i++ {
		var low, high []ink.Point
		for ; i < s.n && s.ok(i); i++ {
			low, high = append(low, p.at(s.xs[i], s.ys[i])), append(high, p.at(s.xs[i], s.hi[i]))
		}
		if len(low) < 2 {
			continue
		}
		low, high = clampBand(low), clampBand(high)
		edge := func(b []ink.Point) []ink.Point { return ink.Decimate(p.placeAll(b)) }
		around := edge(low)
		up := edge(high)
		slices.Reverse(up)
		c.Fill(shade, append(around, up...))
		for _, b := range [][]ink.Point{low, high} {
			var cur []ink.Point
			for k := range b {
				if b[k].Y > 0 && b[k].Y < 1 && unit.Has(b[k]) {
					cur = append(cur, b[k])
					continue
				}
				c.Stroke(rim, edge(cur)...)
				cur = nil
			}
			c.Stroke(rim, edge(cur)...)
		}
	}
}

// clampBand cuts an edge of a band to the unit square: pieces beyond its left
// and right side go, those above and below lie down on the border.
func clampBand(b []ink.Point) []ink.Point {
	tallRect := ink.Rect{Min: ink.At(0, math.Inf(-1)), Max: ink.At(1, math.Inf(1))}
	flat := ink.Rect{Min: ink.At(math.Inf(-1), 0), Max: ink.At(math.Inf(1), 1)}
	var out []ink.Point
	push := func(q ink.Point) {
		q.Y = min(max(q.Y, 0), 1)
		if n := len(out); n == 0 || out[n-1] != q {
			out = append(out, q)
		}
	}
	for i := range b[1:] {
		a, z, ok := tallRect.Clip(b[i], near(b[i], b[i+1]))
		if !ok {
			continue
		}
		push(a)
		if u, v, ok := flat.Clip(a, z); ok { // where it crosses the border
			push(u)
			push(v)
		}
		push(z)
	}
	return out
}

// drawEnd marks the start of a path, and how a series ends.
func (p *panel) drawEnd(c ink.Pen, s *series) {
	if !s.kind.joined() && s.kind != points {
		return
	}
	st := p.styles[s.name]
	way := p.stretch(s)
	switch {
	case way.left >= 0 && s.kind != bundle:
		w, h := p.frame.Max.X-p.frame.Min.X, p.frame.Max.Y-p.frame.Min.Y
		c.Arrow(st, p.place(way.tip), ink.At(way.dir.X*w, way.dir.Y*h))
	case s.diverged() && len(way.lines) > 0:
		size := 5.5
		if s.kind == bundle {
			size = 3
		}
		c.Cross(st, p.place(way.last), size)
	}
	if s.kind == path && s.ok(0) {
		if at := p.at(s.xs[0], s.ys[0]); (ink.Rect{Min: ink.At(0, 0), Max: ink.At(1, 1)}).Has(at) {
			c.Ring(p.place(at))
		}
	}
}

func (p *panel) drawAxes(c ink.Pen) {
	f := p.frame
	rim := ink.Style{Color: ink.Gray, Width: 1.2}
	c.Stroke(rim, ink.At(f.Min.X, f.Max.Y), f.Min, ink.At(f.Max.X, f.Min.Y))
	if p.field != nil {
		c.Stroke(rim, ink.At(f.Min.X, f.Max.Y), f.Max, ink.At(f.Max.X, f.Min.Y))
	}
	free := math.Inf(-1) // where the last label ends
	if p.x.names != nil {
		p.drawCategories(c)
	}
	for _, t := range p.sx.ticks() {
		if p.x.names != nil {
			break
		}
		at := p.place(ink.At(p.sx.norm(t.at), 0))
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.Stroke(rim, at, ink.At(at.X, at.Y-n))
		half := ink.Width(ink.Sized(ink.Regular, tickSize), t.label) / 2
		if t.label != "" && at.X-half >= free {
			c.Text(t.label, ink.At(at.X, at.Y-tickLen-3-tickSize*0.8), ink.Sized(ink.Regular, tickSize), ink.Center)
			free = at.X + half + 8
		}
	}
	for _, t := range ticks(p.y, p.sy) {
		at := p.place(ink.At(0, p.sy.norm(t.at)))
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.Stroke(rim, at, ink.At(at.X-n, at.Y))
		if t.label != "" && !p.hideY {
			c.Text(t.label, ink.At(at.X-tickLen-4, at.Y-tickSize*0.35), ink.Sized(ink.Regular, tickSize), ink.Right)
		}
	}
	c.Text(p.x.label, ink.At((f.Min.X+f.Max.X)/2, f.Min.Y-p.bottom+labelSize*0.3), ink.Sized(ink.Regular, labelSize), ink.Center)
	if !p.hideY {
		c.Text(p.y.label, ink.At(f.Min.X-p.left+labelSize*0.85, (f.Min.Y+f.Max.Y)/2), ink.Sized(ink.Regular, labelSize), ink.Upright)
	}
}

// drawCategories writes the categories of the horizontal axis.
func (p *panel) drawCategories(c ink.Pen) {
	names, rows, deep := p.categories(p.frame.Max.X - p.frame.Min.X)
	for i, lines := range names {
		at := p.place(ink.At(p.sx.norm(float64(i)), 0))
		down := tickLen + float64(i%rows*deep)*tickSize*leading
		c.Stroke(ink.Style{Color: ink.Gray, Width: 1.2}, at, ink.At(at.X, at.Y-down))
		for k, l := range lines {
			c.Text(l, ink.At(at.X, at.Y-down-3-tickSize*0.8-float64(k)*tickSize*leading), ink.Sized(ink.Regular, tickSize), ink.Center)
		}
	}
}

// drawHead writes what stands above the frame.
func (p *panel) drawHead(c ink.Pen) {
	x, y := p.frame.Min.X, p.frame.Max.Y+p.top
	for _, l := range p.title {
		y -= titleSize * leading
		c.Text(l, ink.At(x, y+titleSize*0.25), ink.Sized(ink.Bold, titleSize), ink.Left)
	}
	room := p.frame.Max.X - p.frame.Min.X + p.right
	for _, row := range p.rows {
		at := x
		for _, e := range row {
			base := y - 4 - tickSize*0.85
			e.draw(c, ink.At(at, base+tickSize*0.35), e.sample())
			for k, l := range e.linesIn(room) {
				c.Text(l, ink.At(at+e.sample()+6, base-float64(k)*tickSize*leading), ink.Sized(ink.Regular, tickSize), ink.Left)
			}
			at += e.width(room) + 18
		}
		y -= rowHeight(row, room)
	}
	top := p.frame.Max.Y
	for _, l := range p.strip {
		mid := l.at.X + ink.Width(ink.Sized(ink.Regular, tickSize), l.text)/2
		c.Stroke(ruleStyle, ink.At(x+l.to.X, top), ink.At(x+mid, top+l.at.Y-7))
		c.Text(l.text, ink.At(x+l.at.X, top+l.at.Y), ink.Sized(ink.Regular, tickSize), ink.Left)
	}
}

// drawLegend puts each name beside the end of its curve, and moves those apart
// that would touch.
func (p *panel) drawLegend(c ink.Pen) {
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
		y := min(f.Max.Y-line/2, p.place(ink.At(0, e.at)).Y)
		ys[i] = min(y, bottom-line/2-3)
		bottom = ys[i] - line*(float64(len(e.lines()))-0.5)
	}
	// What has been pushed out below is pushed back up.
	floor := f.Min.Y
	for i := len(entries) - 1; i >= 0; i-- {
		need := floor + line*(float64(len(entries[i].lines()))-0.5)
		ys[i] = max(ys[i], need)
		floor = ys[i] + line/2 + 3
		if i > 0 && ys[i-1] >= floor+line*(float64(len(entries[i-1].lines()))-0.5) {
			break
		}
	}
	for i, e := range entries {
		x := f.Max.X + 8
		e.draw(c, ink.At(x, ys[i]), sampleLen)
		for k, l := range e.lines() {
			c.Text(l, ink.At(x+sampleLen+6, ys[i]-tickSize*0.35-float64(k)*line), ink.Sized(ink.Regular, tickSize), ink.Left)
		}
	}
}

// draw shows the entry's signs, from at to the right.
func (e entry) draw(c ink.Pen, at ink.Point, wide float64) {
	mid, end := ink.At(at.X+wide/2, at.Y), ink.At(at.X+wide, at.Y)
	solid := ink.Style{Color: e.style.Color, Width: e.style.Width}
	shade := e.style.Color
	if e.band > 0 {
		shade.A = e.band
		c.Box(shade, ink.Rect{Min: ink.At(at.X, at.Y-6), Max: ink.At(end.X, at.Y+6)})
	}
	if e.bar {
		shade.A = barShade
		c.Box(shade, ink.Rect{Min: ink.At(at.X+4, at.Y-6), Max: ink.At(end.X-4, at.Y+6)})
		c.Stroke(ink.Style{Color: solid.Color, Dashes: e.style.Dashes, Width: 1.4},
			ink.At(at.X+4, at.Y-6), ink.At(at.X+4, at.Y+6), ink.At(end.X-4, at.Y+6), ink.At(end.X-4, at.Y-6))
	}
	if e.faint {
		for _, up := range []float64{-5, 0, 5} {
			c.Stroke(e.style.Pale(1), ink.At(at.X, at.Y+up), ink.At(end.X, at.Y+up))
		}
	}
	if e.whisker {
		c.Strokes(solid, []ink.Point{ink.At(mid.X, at.Y-8), ink.At(mid.X, at.Y+8)},
			[]ink.Point{ink.At(mid.X-4, at.Y-8), ink.At(mid.X+4, at.Y-8)}, []ink.Point{ink.At(mid.X-4, at.Y+8), ink.At(mid.X+4, at.Y+8)})
	}
	switch {
	case e.line && e.marker:
		c.Stroke(solid, at, end)
	case e.line:
		c.Stroke(e.style, at, end)
	}
	switch {
	case e.arrow:
		c.Darts(solid, []ink.Dart{{Tail: at, Tip: end, Head: true}})
	case e.marker:
		c.Marker(e.style, mid, 4)
	case e.star:
		c.Star(mid, 7)
	case e.ring:
		c.Ring(mid)
	}
}

// drawBar draws the color bar: every shade, and the level between two of them.
func (p *panel) drawBar(c ink.Pen) {
	f := p.frame
	names := p.field.names()
	n := len(names)
	x := f.Max.X + barGap
	step := (f.Max.Y - f.Min.Y) / float64(n+1)
	for i := range n + 1 {
		y := f.Min.Y + float64(i)*step
		c.Box(p.field.shade(i), ink.Rect{Min: ink.At(x, y), Max: ink.At(x+barWidth, y+step)})
	}
	rim := ink.Style{Color: ink.Gray, Width: 1}
	c.Outline(rim, ink.Rect{Min: ink.At(x, f.Min.Y), Max: ink.At(x+barWidth, f.Max.Y)})
	every := int(math.Ceil(tickSize * 1.1 / step))
	for i, name := range names {
		y := f.Min.Y + float64(i+1)*step
		c.Stroke(ink.Style{Color: isoInk, Width: 0.8}, ink.At(x, y), ink.At(x+barWidth, y))
		if (n-1-i)%every == 0 {
			c.Text(name, ink.At(x+barWidth+6, y-tickSize*0.35), ink.Sized(ink.Regular, tickSize), ink.Left)
		}
	}
	c.Text(p.field.label, ink.At(f.Max.X+p.right-4, (f.Min.Y+f.Max.Y)/2), ink.Sized(ink.Regular, labelSize), ink.Upright)
}
