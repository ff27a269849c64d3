// Package ink is the paper and the pens of package figure: points and polylines in CSS pixels, y up; the styles and signs
// of all pictures; texts with raised and lowered letters; and what comes out of them, SVG, PNG and animated PNG.
package ink

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"sync/atomic"

	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// The colors of what is not data.
var (
	Dark  = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	Gray  = color.NRGBA{0x55, 0x55, 0x55, 0xff}
	Light = color.NRGBA{0xe4, 0xe6, 0xea, 0xff}
	White = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	Halo  = color.NRGBA{0xff, 0xff, 0xff, 0xd0} // around what lies on contours
)

// Palette is Okabe and Ito's (2008), strongest on white first; yellow, which
// white drowns, left out.
var Palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
}

// dashes tell lines apart without color. Their number and the palette's have
// no common divisor, so that 30 series all differ.
var dashes = [][]vg.Length{nil, {9, 4}, {2, 3}, {9, 3, 2, 3}, {14, 4, 5, 4}}

// Style is how a line or a sign looks: its color, its dashes (nil for none), its marker (a number; any is a shape) and the
// width of the line in CSS pixels.
type Style struct {
	Color  color.NRGBA
	Dashes []vg.Length
	shape  int
	Width  float64
}

// Measured is the style of the i-th name of what was measured.
func Measured(i int) Style {
	return Style{Palette[i%len(Palette)], dashes[i%len(dashes)], i, 2.25}
}

// Theory is the style of the i-th name of what was not measured.
func Theory(i int) Style {
	return Style{Dark, dashes[(i+1)%len(dashes)], 0, 1.5}
}

// Pale is the style of a curve among n.
func (s Style) Pale(n int) Style {
	s.Width, s.Dashes = 1, nil
	s.Color.A = 0x78
	if n > 20 {
		s.Color.A = 0x50
	}
	return s
}

// Clear is the style of one of many curves that a reader follows one by one.
func (s Style) Clear() Style {
	s.Width, s.Dashes = 1.6, nil
	s.Color.A = 0xc8
	return s
}

// Translucent is a color through which others show.
func Translucent(c color.NRGBA) color.NRGBA {
	c.A = 0x90
	return c
}

// Pen draws in the units and types of this package what Record keeps. The zero Pen draws nothing.
type Pen struct {
	kept *record
	of   string // whose mistakes it makes
}

// record is a picture to be drawn later.
type record struct {
	ops          []Op
	left, dashes int   // how much may still be drawn
	err          error // the first mistake
}

// Named is a pen whose mistakes begin with the name of what is drawn.
func Named(p Pen, of string) Pen {
	p.of = of
	return p
}

// Fail keeps a mistake for Record to return, unless there is one or it is nil.
func Fail(p Pen, err error) {
	if p.kept != nil && p.kept.err == nil {
		p.kept.err = err
	}
}

// Op is one stroke of a pen: lines and a path to fill, or to draw where the style has a width, or a line of text. Lines are points, since
// a step of a path takes more than four times as much memory.
type Op struct {
	Style   Style
	Lines   [][]Point
	Path    vg.Path
	Text    string
	Face    vgfont.Face
	At      Point
	upright bool
	written *atomic.Pointer[written] // where it is drawn again
}

func (p Pen) do(o Op) {
	if err := o.check(); err != nil {
		Fail(p, fmt.Errorf("%s: %w", p.of, err))
		return
	}
	p.add(o)
}

func (p Pen) add(o Op) {
	k := p.kept
	if k == nil || k.err != nil {
		return
	}
	k.left -= o.corners() + len(o.Text) + 4 // 4 for its color and width
	k.dashes -= o.dashed()
	if k.left >= 0 && k.dashes >= 0 {
		k.ops = append(k.ops, o)
	}
}

// Kept is what was drawn once, for Again.
type Kept struct{ record }

// Keep draws nothing yet.
func (p Pen) Keep(draw func(Pen)) *Kept {
	k := &Kept{record{left: mostDrawn, dashes: mostDashed}}
	draw(Pen{kept: &k.record, of: p.of})
	for i := range k.ops {
		k.ops[i].written = new(atomic.Pointer[written])
	}
	return k
}

// Again draws what was kept, and makes its mistakes. An SVG copies what it wrote the first time.
func (p Pen) Again(k *Kept) {
	Fail(p, k.err)
	for _, o := range k.ops {
		p.add(o)
	}
	if p.kept != nil { // what there was no room for
		if k.left < 0 {
			p.kept.left = k.left
		}
		if k.dashes < 0 {
			p.kept.dashes = k.dashes
		}
	}
}

// What a canvas cannot draw takes it for ever, or ends in a document that no reader shows.
const (
	far        = 100_000 // CSS pixels from the picture's corner
	widest     = 1000    // CSS pixels of a line, and of letters
	mostDashes = 100     // of a style
)

// corners is how many points the lines have, one more for each that is closed, and steps the path.
func (o Op) corners() int {
	n := len(o.Path)
	for _, l := range o.Lines {
		if n += len(l); o.Style.Width == 0 {
			n++
		}
	}
	return n
}

// whole is the lines and the path as one path, as gonum's canvas takes it.
func (o Op) whole() vg.Path {
	path := make(vg.Path, 0, o.corners())
	for _, l := range o.Lines {
		for i, q := range l {
			if i == 0 {
				path.Move(q.VG())
			} else {
				path.Line(q.VG())
			}
		}
		if o.Style.Width == 0 {
			path.Close()
		}
	}
	return append(path, o.Path...)
}

// check finds what no canvas can draw.
func (o Op) check() error {
	for _, l := range o.Lines {
		for _, q := range l {
			if !q.near() {
				return errFar(q)
			}
		}
	}
	for _, c := range o.Path {
		if at := (Point{c.Pos.X.Points(), c.Pos.Y.Points()}); !at.near() {
			return errFar(at)
		}
		if r := float64(c.Radius); !(math.Abs(r) <= far) {
			return fmt.Errorf("a circle of radius %v cannot be drawn", r)
		}
	}
	if !o.At.near() {
		return errFar(o.At)
	}
	return CheckStyle(o.Style)
}

func (p Point) near() bool { return math.Abs(p.X) <= far && math.Abs(p.Y) <= far }

func errFar(p Point) error {
	return fmt.Errorf("the point (%v, %v) of a drawing must be finite and within %d pixels; Panel.Clip cuts a line to the frame", p.X, p.Y, far)
}

// CheckStyle is an error when a style has a width, or dashes, that no line can have.
func CheckStyle(s Style) error {
	if !(s.Width >= 0 && s.Width <= widest) {
		return fmt.Errorf("a line of width %v must be from 0 to %d pixels wide", s.Width, widest)
	}
	if len(s.Dashes) > mostDashes {
		return fmt.Errorf("a line of %d different dashes cannot be drawn; the most are %d", len(s.Dashes), mostDashes)
	}
	for _, d := range s.Dashes {
		if !(d >= 0 && d <= far) {
			return fmt.Errorf("dashes of %v must be finite and not negative", s.Dashes)
		}
	}
	if n := s.period(); n > 0 && n < 1 {
		return fmt.Errorf("dashes of %v are too short to see; make them 1 pixel long in all, or more", s.Dashes)
	}
	return nil
}

// period is the length after which dashes repeat; 0 for a solid line.
func (s Style) period() float64 {
	n := 0.0
	for _, d := range s.Dashes {
		n += float64(d)
	}
	return n
}

// dashed is how often the dashes of a line repeat.
func (o Op) dashed() int {
	period, way := o.Style.period(), 0.0
	if period == 0 {
		return 0
	}
	for _, l := range o.Lines {
		for i := 1; i < len(l); i++ {
			way += l[i].Sub(l[i-1]).Length()
		}
	}
	for _, c := range o.Path {
		way += math.Abs(float64(c.Radius) * c.Angle)
	}
	return int(way / period)
}

func (o Op) draw(c vg.Canvas) {
	if svg, ok := c.(*svgCanvas); ok && o.written != nil {
		svg.again(o)
		return
	}
	o.on(c)
}

func (o Op) on(c vg.Canvas) {
	c.SetColor(o.Style.Color)
	svg, isSVG := c.(*svgCanvas)
	switch {
	case o.Text != "" && o.upright:
		c.Push()
		c.Translate(o.At.VG())
		c.Rotate(math.Pi / 2)
		c.FillString(o.Face, vg.Point{}, o.Text)
		c.Pop()
	case o.Text != "":
		c.FillString(o.Face, o.At.VG(), o.Text)
	case o.Style.Width > 0:
		c.SetLineWidth(vg.Length(o.Style.Width))
		dashes := o.Style.Dashes
		if o.Style.period() == 0 { // or the canvas would never come to the end of the line
			dashes = nil
		}
		c.SetLineDash(dashes, 0)
		if isSVG {
			svg.stroke(o)
		} else {
			c.Stroke(o.whole())
		}
	case isSVG:
		svg.fill(o)
	default:
		c.Fill(o.whole())
	}
}

// Stroke draws a line through points.
func (p Pen) Stroke(s Style, pts ...Point) { p.Strokes(s, pts) }

// Strokes draws several lines as one, which do not show through each other.
func (p Pen) Strokes(s Style, lines ...[]Point) {
	long := make([][]Point, 0, len(lines))
	for _, l := range lines {
		if len(l) > 1 {
			long = append(long, slices.Clone(l))
		}
	}
	if len(long) > 0 {
		p.do(Op{Style: s, Lines: long})
	}
}

// Fill fills what loops enclose.
func (p Pen) Fill(clr color.NRGBA, loops ...[]Point) {
	lines := make([][]Point, len(loops))
	for i, l := range loops {
		lines[i] = slices.Clone(l)
	}
	p.do(Op{Style: Style{Color: clr}, Lines: lines})
}

// Box fills a rectangle.
func (p Pen) Box(clr color.NRGBA, r Rect) {
	p.Fill(clr, []Point{r.Min, {r.Max.X, r.Min.Y}, r.Max, {r.Min.X, r.Max.Y}})
}

// Outline draws the border of a rectangle.
func (p Pen) Outline(s Style, r Rect) {
	corner := Point{r.Max.X, r.Min.Y}
	p.Stroke(s, r.Min, corner, r.Max, Point{r.Min.X, r.Max.Y}, r.Min, corner)
}

type shape struct {
	corners int
	first   float64
}

// shapes of the markers, as corners on the unit circle: how many, and the
// angle of the first. None is a circle.
var shapes = []shape{{0, 0}, {4, math.Pi / 4}, {3, math.Pi / 2}, {4, math.Pi / 2}, {3, -math.Pi / 2}, {5, math.Pi / 2}}

// Marker is the style's sign, a filled shape with a white rim, which sets it off from lines.
func (p Pen) Marker(s Style, at Point, r float64) {
	sh := shapes[s.shape%len(shapes)]
	if sh.corners > 0 {
		r *= 1.2 // for the same area as the circle
	}
	p.sign(White, at, r+1.2, sh, 1)
	p.sign(s.Color, at, r, sh, 1)
}

// A cloud has more markers than fit side by side: they hide each other's rims.
const cloud = 10_000

// Markers draws markers of one style. Those of a cloud are drawn as one, first the
// rims of all.
func (p Pen) Markers(s Style, at []Point, r float64) {
	if len(at) <= cloud {
		for _, q := range at {
			p.Marker(s, q, r)
		}
		return
	}
	sh := shapes[s.shape%len(shapes)]
	corners := sh.corners
	if corners == 0 {
		corners = 8
	}
	at = sparse(at)
	for _, layer := range []struct {
		color color.NRGBA
		r     float64
	}{{White, 1.2*r + 1.2}, {s.Color, 1.2 * r}} {
		loops := make([][]Point, len(at))
		for i, q := range at {
			loops[i] = polygon(q, layer.r, corners, sh.first)
		}
		p.Fill(layer.color, loops...)
	}
}

// Dots draws small circles as one, which do not show through each other.
func (p Pen) Dots(clr color.NRGBA, at []Point) {
	const r = 2.6
	path := make(vg.Path, 0, 3*len(at))
	for _, q := range at {
		path.Move(vg.Point{X: vg.Length(q.X + r), Y: vg.Length(q.Y)})
		path.Arc(q.VG(), vg.Length(r), 0, 2*math.Pi)
		path.Close()
	}
	p.do(Op{Style: Style{Color: clr}, Path: path})
}

func polygon(at Point, r float64, corners int, first float64) []Point {
	out := make([]Point, corners)
	for i := range out {
		sin, cos := math.Sincos(first + 2*math.Pi*float64(i)/float64(corners))
		out[i] = Point{at.X + r*cos, at.Y + r*sin}
	}
	return out
}

// sign fills a polygon around a point; inner < 1 makes it a star.
func (p Pen) sign(clr color.NRGBA, at Point, r float64, s shape, inner float64) {
	if s.corners == 0 {
		p.Circle(Style{Color: clr}, at, r)
		return
	}
	var pts []Point
	for i := range 2 * s.corners {
		d := r
		if i%2 == 1 {
			d = r * inner
			if inner == 1 {
				continue
			}
		}
		sin, cos := math.Sincos(s.first + math.Pi*float64(i)/float64(s.corners))
		pts = append(pts, Point{at.X + d*cos, at.Y + d*sin})
	}
	p.Fill(clr, pts)
}

// Star marks one place, the optimum for example.
func (p Pen) Star(at Point, r float64) {
	p.sign(White, at, r+2.5, shape{5, math.Pi / 2}, 0.5)
	p.sign(Dark, at, r, shape{5, math.Pi / 2}, 0.42)
}

// Ring marks the start of a path.
func (p Pen) Ring(at Point) {
	p.Circle(Style{Color: White}, at, 7.5)
	p.Circle(Style{Color: Dark}, at, 6)
	p.Circle(Style{Color: White}, at, 4)
}

// Cross marks the last finite value of a run.
func (p Pen) Cross(s Style, at Point, r float64) {
	for _, w := range []Style{{Color: White, Width: 6}, {Color: s.Color, Width: 3}} {
		p.Stroke(w, Point{at.X - r, at.Y - r}, Point{at.X + r, at.Y + r})
		p.Stroke(w, Point{at.X - r, at.Y + r}, Point{at.X + r, at.Y - r})
	}
}

// Arrow has its tip at the border, where a run left the frame in direction d.
func (p Pen) Arrow(s Style, tip, d Point) {
	n := d.Length()
	if n == 0 {
		return
	}
	along := Point{d.X / n, d.Y / n}
	p.Fill(White, triangle(Point{tip.X + 1.5*along.X, tip.Y + 1.5*along.Y}, along, 17, 8.5))
	p.Fill(s.Color, triangle(tip, along, 14, 6.5))
}

// Circle is filled where the style has no width.
func (p Pen) Circle(s Style, at Point, r float64) {
	var path vg.Path
	path.Move(vg.Point{X: vg.Length(at.X + r), Y: vg.Length(at.Y)})
	path.Arc(at.VG(), vg.Length(r), 0, 2*math.Pi)
	path.Close()
	p.do(Op{Style: s, Path: path})
}

// Align says where a text lies: to the right of its point, around it, to the left of it, or around it and turned to read
// from bottom to top.
type Align int

const (
	Left Align = iota
	Center
	Right
	Upright
)

// Text writes one line in dark letters, its baseline at the height of the point.
func (p Pen) Text(s string, at Point, f vgfont.Face, align Align) { p.Colored(Dark, s, at, f, align) }

// Colored is Text in another color.
func (p Pen) Colored(clr color.NRGBA, s string, at Point, f vgfont.Face, align Align) {
	if err := checkLine(f, s); err != nil {
		Fail(p, fmt.Errorf("%s: %w", p.of, err))
		return
	}
	switch w := Width(f, s); align {
	case Center:
		at.X -= w / 2
	case Right:
		at.X -= w
	case Upright:
		at.Y -= w / 2
	}
	p.do(Op{Style: Style{Color: clr}, Text: s, Face: f, At: at, upright: align == Upright})
}

// Dart is an arrow on the canvas.
type Dart struct {
	Tail, Tip Point
	Head      bool
}

// Darts draws arrows with heads that are as large on every picture, unless an
// arrow is too short for its own.
func (p Pen) Darts(s Style, darts []Dart) {
	var shafts, rims, heads [][]Point
	for _, d := range darts {
		way := d.Tip.Sub(d.Tail)
		n := way.Length()
		if n < s.Width { // a dot shows that it is there
			way, n = Point{s.Width, 0}, s.Width
			d.Tip, d.Head = Point{d.Tail.X + n/2, d.Tail.Y}, false
			d.Tail.X -= n / 2
		}
		along := Point{way.X / n, way.Y / n}
		length := min(4+3.2*s.Width, 0.7*n)
		half := length * 0.42
		if !d.Head {
			shafts = append(shafts, []Point{d.Tail, d.Tip})
			continue
		}
		shafts = append(shafts, []Point{d.Tail, d.Tip.Toward(d.Tail, length*0.8/n)})
		heads = append(heads, triangle(d.Tip, along, length, half))
		rims = append(rims, triangle(Point{d.Tip.X + 2*along.X, d.Tip.Y + 2*along.Y}, along, length+3.2, half+1.8))
	}
	rim := Style{Color: Halo, Width: s.Width + 2}
	p.Strokes(rim, shafts...)
	p.Fill(rim.Color, rims...)
	p.Strokes(s, shafts...)
	p.Fill(s.Color, heads...)
}

// triangle points along a direction of length 1.
func triangle(tip, along Point, length, half float64) []Point {
	base, across := Point{tip.X - length*along.X, tip.Y - length*along.Y}, Point{-along.Y, along.X}
	return []Point{tip,
		{base.X + half*across.X, base.Y + half*across.Y},
		{base.X - half*across.X, base.Y - half*across.Y}}
}
