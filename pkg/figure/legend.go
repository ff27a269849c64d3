package figure

import (
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Entry is what the legend says of a name: its signs and, after the name, a note.
type Entry struct {
	Text         string // the name, until a mark adds to it
	Style        Style
	Line, Marker bool
	Area         uint8 // opacity of the area, if there is one

	star, ring                 bool
	arrow, bar, whisker, faint bool
	dot, clear                 bool
	at                         float64 // the height of the data it names, as a share of the frame
}

// shows says whether an entry has a sign.
func (e *Entry) shows() bool {
	return e.Line || e.Marker || e.Area > 0 || e.star || e.ring || e.arrow || e.bar || e.whisker || e.faint || e.dot || e.clear
}

// entries makes the legend: one entry for each name, in the order of the marks.
func (p *Panel) entries() {
	index := map[string]int{}
	p.legend, p.starts = nil, false
	get := func(name string) *Entry {
		i, ok := index[name]
		if !ok {
			i = len(p.legend)
			index[name] = i
			p.legend = append(p.legend, Entry{Text: name, at: math.NaN()})
		}
		return &p.legend[i]
	}
	add := func(group int) {
		for _, m := range p.marks {
			if m.base().group != group {
				continue
			}
			e := get(m.Name())
			if group == data {
				e.Style = p.Style(m.Name())
			}
			if m.Legend(p, e); math.IsNaN(e.at) { // of a mark from outside
				e.at = p.stretch(m.base()).last.Y
			}
		}
	}
	add(data)
	add(rules)
	if p.starts {
		get("start").ring = true
	}
	add(stars)
	p.legend = slices.DeleteFunc(p.legend, func(e Entry) bool { return !e.shows() })
}

const widestEntry = 190.0

// lines are the entry's text as it stands to the right of the frame.
func (e Entry) lines() []string {
	return ink.Wrap(ink.Sized(ink.Regular, tickSize), e.Text, widestEntry)
}

// rowHeight is that of a row of a legend above the frame.
func rowHeight(row []Entry, room float64) float64 {
	lines := 0
	for _, e := range row {
		lines = max(lines, len(e.linesIn(room)))
	}
	return 4 + float64(lines)*tickSize*leading
}

func (e Entry) linesIn(room float64) []string {
	return ink.Wrap(ink.Sized(ink.Regular, tickSize), e.Text, room-e.sample()-6)
}

func (e Entry) width(room float64) float64 {
	widest := 0.0
	for _, l := range e.linesIn(room) {
		widest = max(widest, ink.Width(ink.Sized(ink.Regular, tickSize), l))
	}
	return e.sample() + 6 + widest
}

// sample is the width of the entry's sign in a legend above the frame.
func (e Entry) sample() float64 {
	if e.Line || e.Area > 0 || e.arrow || e.bar || e.faint || e.clear {
		return sampleLen
	}
	return 16
}

// drawLegend puts each name beside the end of its curve, and moves those apart
// that would touch.
func (p *Panel) drawLegend(c Pen) {
	entries := slices.Clone(p.legend)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		switch {
		case a.at > b.at: // an order in which NaN is equal to all
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
		y := min(f.Max.Y-line/2, p.place(At(0, e.at)).Y)
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
		e.draw(c, At(x, ys[i]), sampleLen)
		for k, l := range e.lines() {
			c.Text(l, At(x+sampleLen+6, ys[i]-tickSize*0.35-float64(k)*line), ink.Sized(ink.Regular, tickSize), ink.Left)
		}
	}
}

// draw shows the entry's signs, from at to the right.
func (e Entry) draw(c Pen, at Point, wide float64) {
	mid, end := At(at.X+wide/2, at.Y), At(at.X+wide, at.Y)
	solid := Style{Color: e.Style.Color, Width: e.Style.Width}
	shade := e.Style.Color
	if e.Area > 0 {
		shade.A = e.Area
		c.Box(shade, Rect{Min: At(at.X, at.Y-6), Max: At(end.X, at.Y+6)})
	}
	if e.bar {
		shade.A = barShade
		c.Box(shade, Rect{Min: At(at.X+4, at.Y-6), Max: At(end.X-4, at.Y+6)})
		c.Stroke(Style{Color: solid.Color, Dashes: e.Style.Dashes, Width: 1.4},
			At(at.X+4, at.Y-6), At(at.X+4, at.Y+6), At(end.X-4, at.Y+6), At(end.X-4, at.Y-6))
	}
	if e.faint {
		for _, up := range []float64{-5, 0, 5} {
			c.Stroke(e.Style.Pale(1), At(at.X, at.Y+up), At(end.X, at.Y+up))
		}
	}
	if e.clear {
		c.Stroke(e.Style.Clear(), at, end)
	}
	if e.dot {
		c.Dots(ink.Translucent(solid.Color), []Point{mid})
	}
	if e.whisker {
		c.Strokes(solid, []Point{At(mid.X, at.Y-8), At(mid.X, at.Y+8)},
			[]Point{At(mid.X-4, at.Y-8), At(mid.X+4, at.Y-8)}, []Point{At(mid.X-4, at.Y+8), At(mid.X+4, at.Y+8)})
	}
	switch {
	case e.Line && e.Marker:
		c.Stroke(solid, at, end)
	case e.Line:
		c.Stroke(e.Style, at, end)
	}
	switch {
	case e.arrow:
		c.Darts(solid, []ink.Dart{{Tail: at, Tip: end, Head: true}})
	case e.Marker:
		c.Marker(e.Style, mid, 4)
	case e.star:
		c.Star(mid, 7)
	case e.ring:
		c.Ring(mid)
	}
}
