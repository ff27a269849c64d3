package ink

import (
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Both canvases are gonum's vg.Canvas with one point for one CSS pixel, and
// both draw a text with its raised and lowered letters.
var _ vg.Canvas = (*svgCanvas)(nil)

// svgCanvas writes SVG. gonum's own (vgsvg) measures in points, names one
// font without a substitute and has no text alternative; this one has them,
// and stretches each text to the width that the layout reckoned with, so that
// another font does no harm.
type svgCanvas struct {
	buf   []byte
	h     float64
	stack []svgState
}

type svgState struct {
	color  color.Color
	width  float64
	dashes []vg.Length
	groups int
}

func newSVG(w, h int, title, alt string) *svgCanvas {
	title, alt = Minus(title), Minus(alt)
	c := &svgCanvas{h: float64(h), stack: []svgState{{}}}
	c.writef(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s" style="max-width:100%%;height:auto" `+
		`font-family="'Liberation Sans', Arimo, Arial, Helvetica, 'DejaVu Sans', sans-serif" stroke-linejoin="round">`+"\n",
		w, h, w, h, Escape(alt))
	c.writef("<title>%s</title>\n<desc>%s</desc>\n", Escape(title), Escape(alt))
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) bytes() []byte { return append(c.buf, "</svg>\n"...) }

func (c *svgCanvas) write(texts ...string) {
	for _, s := range texts {
		c.buf = append(c.buf, s...)
	}
}

func (c *svgCanvas) writef(format string, args ...any) { c.buf = fmt.Appendf(c.buf, format, args...) }

func (c *svgCanvas) num(v float64, decimals int) { c.buf = appendNum(c.buf, v, decimals) }

func (c *svgCanvas) top() *svgState           { return &c.stack[len(c.stack)-1] }
func (c *svgCanvas) SetLineWidth(w vg.Length) { c.top().width = w.Points() }
func (c *svgCanvas) SetColor(clr color.Color) { c.top().color = clr }
func (c *svgCanvas) Rotate(rad float64)       { c.group("rotate(%s 0 %s)", -rad*180/math.Pi, c.h) }
func (c *svgCanvas) Translate(p vg.Point)     { c.group("translate(%s %s)", p.X.Points(), -p.Y.Points()) }
func (c *svgCanvas) Scale(x, y float64)       { c.group("matrix(%s 0 0 %s 0 %s)", x, y, c.h*(1-y)) }

func (c *svgCanvas) SetLineDash(d []vg.Length, _ vg.Length) { c.top().dashes = d }

// DrawImage is asked for by vg.Canvas; no picture here holds an image.
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {}

func (c *svgCanvas) Push() {
	s := *c.top()
	s.groups = 0
	c.stack = append(c.stack, s)
}

func (c *svgCanvas) Pop() {
	groups := c.top().groups
	c.write(strings.Repeat("</g>", groups))
	c.stack = c.stack[:len(c.stack)-1]
	if groups > 0 {
		c.endLine()
	}
}

// endLine ends a line where no group is open: a page that shows the next picture takes each line for an element.
func (c *svgCanvas) endLine() {
	if !slices.ContainsFunc(c.stack, func(s svgState) bool { return s.groups > 0 }) {
		c.write("\n")
	}
}

func (c *svgCanvas) group(transform string, v ...float64) {
	args := make([]any, len(v))
	for i := range v {
		args[i] = num(v[i], 2)
	}
	c.writef(`<g transform="`+transform+`">`, args...)
	c.top().groups++
}

// written is a stroke on a canvas of a height, as SVG.
type written struct {
	h   float64
	svg []byte
}

// again draws a stroke, or copies what it was drawn as on a canvas of the same height.
func (c *svgCanvas) again(o Op) {
	if w := o.written.Load(); w != nil && w.h == c.h {
		c.buf = append(c.buf, w.svg...)
		return
	}
	from := len(c.buf)
	o.on(c)
	o.written.Store(&written{c.h, slices.Clone(c.buf[from:])})
}

func (c *svgCanvas) Stroke(p vg.Path) { c.stroke(Op{Path: p, Style: Style{Width: c.top().width}}) }
func (c *svgCanvas) Fill(p vg.Path)   { c.fill(Op{Path: p}) }

func (c *svgCanvas) stroke(o Op) {
	s := c.top()
	if s.width <= 0 {
		return
	}
	clr, opacity := Hex(s.color)
	c.write(`<path fill="none" stroke="`, clr, `" stroke-width="`)
	c.num(s.width, 2)
	c.write(`"`)
	c.opacity("stroke", opacity)
	for i, v := range s.dashes {
		if i == 0 {
			c.write(` stroke-dasharray="`)
		} else {
			c.write(" ")
		}
		c.num(v.Points(), 1)
	}
	if len(s.dashes) > 0 {
		c.write(`"`)
	}
	if s.width < 3 && slices.ContainsFunc(o.Lines, func(l []Point) bool { return len(l) > manyCorners }) {
		c.write(` stroke-linejoin="bevel"`)
	}
	c.path(o)
}

// manyCorners is how many corners of a thin line hide how each of them is joined. Without round joints a browser paints it in half the time.
const manyCorners = 500

func (c *svgCanvas) fill(o Op) {
	clr, opacity := Hex(c.top().color)
	c.write(`<path fill="`, clr, `"`)
	c.opacity("fill", opacity)
	c.path(o)
}

func (c *svgCanvas) opacity(of string, opacity float64) {
	if opacity < 1 {
		c.write(` `, of, `-opacity="`)
		c.num(opacity, 2)
		c.write(`"`)
	}
}

// path ends an element with its path in tenths of a pixel, which no eye can tell from the whole.
func (c *svgCanvas) path(o Op) {
	c.write(` d="`)
	for _, l := range o.Lines {
		c.line(l)
		if o.Style.Width == 0 {
			c.write("Z")
		}
	}
	for i := range o.Path {
		s := &o.Path[i]
		x, y := s.Pos.X.Points(), s.Pos.Y.Points()
		switch s.Type {
		case vg.MoveComp:
			c.at("M", x, y)
		case vg.LineComp:
			c.at("L", x, y)
		case vg.ArcComp: // two halves: one arc cannot end where it began
			r := s.Radius.Points()
			for i := range 3 {
				sin, cos := math.Sincos(s.Start + s.Angle*float64(i)/2)
				if i == 0 {
					c.at("L", x+r*cos, y+r*sin)
					continue
				}
				sweep := " 0 0 0 "
				if s.Angle < 0 {
					sweep = " 0 0 1 "
				}
				c.write("A")
				c.num(r, 1)
				c.write(" ")
				c.num(r, 1)
				c.at(sweep, x+r*cos, y+r*sin)
			}
		case vg.CurveComp:
			letter := map[int]string{1: "Q", 2: "C"}[len(s.Control)]
			for _, q := range s.Control {
				c.at(letter, q.X.Points(), q.Y.Points())
				letter = " "
			}
			c.at(" ", x, y)
		case vg.CloseComp:
			c.write("Z")
		}
	}
	c.write(`"/>`)
	c.endLine()
}

// line writes a polyline as a place and differences of places, which takes about a third fewer letters if it is long. Differences
// are those of the rounded places, so that no error grows along it.
func (c *svgCanvas) line(l []Point) {
	letter, x, y := "M", 0, 0
	for _, q := range l {
		toX, toY := tenths(q.X), tenths(c.h-q.Y)
		if toX == x && toY == y && letter == "" {
			continue
		}
		c.write(letter)
		c.by(toX-x, letter == "")
		c.by(toY-y, true)
		if x, y = toX, toY; letter == "M" {
			letter = "l"
		} else {
			letter = ""
		}
	}
}

func tenths(v float64) int { return int(math.Round(10 * v)) }

// by writes tenths in the fewest letters, as .5 or -12, and before them a space if another number could swallow them.
func (c *svgCanvas) by(n int, after bool) {
	switch {
	case n < 0:
		n = -n
		c.buf = append(c.buf, '-')
	case after:
		c.buf = append(c.buf, ' ')
	}
	if n >= 10 || n == 0 {
		c.buf = strconv.AppendInt(c.buf, int64(n/10), 10)
	}
	if n%10 > 0 {
		c.buf = append(c.buf, '.', '0'+byte(n%10))
	}
}

// at writes a place, y down, after a letter.
func (c *svgCanvas) at(letter string, x, y float64) {
	c.write(letter)
	c.num(x, 1)
	c.write(" ")
	c.num(c.h-y, 1)
}

func (c *svgCanvas) FillString(f vgfont.Face, p vg.Point, s string) {
	clr, _ := Hex(c.top().color)
	size := f.Font.Size.Points()
	c.writef(`<text x="%s" y="%s" font-size="%s" fill="%s" textLength="%s" lengthAdjust="spacingAndGlyphs"`,
		num(p.X.Points(), 1), num(c.h-p.Y.Points(), 1), num(size, 1), clr, num(Width(f, s), 1))
	if f.Font.Weight == Bold.Font.Weight {
		c.write(` font-weight="bold"`)
	}
	c.write(">")
	rise := 0.0
	for _, r := range runs(s) {
		text := Escape(r.text)
		switch {
		case r.rise == rise:
			c.write(text)
		case r.rise == 0:
			c.writef(`<tspan dy="%s">%s</tspan>`, num(rise*size, 1), text)
		default:
			c.writef(`<tspan dy="%s" font-size="%s">%s</tspan>`, num((rise-r.rise)*size, 1), num(small*size, 1), text)
		}
		rise = r.rise
	}
	c.write("</text>")
	c.endLine()
}

// Escape makes any text safe in XML and HTML, in an element as in an attribute. What XML cannot hold at all, such as NUL,
// becomes U+FFFD.
func Escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes all
	return b.String()
}

// num is v with at most the given decimals, in the fewest letters.
func num(v float64, decimals int) string { return string(appendNum(nil, v, decimals)) }

// appendNum appends num. A picture has thousands of numbers. strconv, which finds the digits of the exact value, takes twice as long: it
// is asked if v lies so near the middle between two results that rounding could choose the other one.
func appendNum(to []byte, v float64, decimals int) []byte {
	scaled := math.Abs(v) * [...]float64{1, 10, 100}[decimals]
	n := uint64(scaled)
	rest := scaled - float64(n)
	if !(scaled < 1e9) || math.Abs(rest-0.5) < 1e-6 {
		s := strconv.FormatFloat(v, 'f', decimals, 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if s == "-0" {
			s = "0"
		}
		return append(to, s...)
	}
	if rest > 0.5 {
		n++
	}
	if v < 0 && n > 0 {
		to = append(to, '-')
	}
	var digits [16]byte // from the last one
	first := len(digits)
	for place := 0; place <= decimals || n > 0; place++ {
		if place == decimals && first < len(digits) {
			first--
			digits[first] = '.'
		}
		if digit := byte(n % 10); digit > 0 || first < len(digits) || place >= decimals {
			first--
			digits[first] = '0' + digit
		}
		n /= 10
	}
	return append(to, digits[first:]...)
}

// Hex is a color as in CSS, #rrggbb, and its opacity from 0 to 1.
func Hex(clr color.Color) (string, float64) {
	c := color.NRGBAModel.Convert(clr).(color.NRGBA)
	const digits = "0123456789abcdef"
	text := [7]byte{0: '#'}
	for i, v := range [...]uint8{c.R, c.G, c.B} {
		text[1+2*i], text[2+2*i] = digits[v>>4], digits[v&15]
	}
	return string(text[:]), float64(c.A) / 255
}

// SVG returns what draw draws as a document, with a title and a text alternative, or an error if it is too much.
func SVG(w, h int, title, alt string, draw func(Pen)) ([]byte, error) {
	ops, err := Record(draw)
	if err != nil {
		return nil, err
	}
	c := newSVG(w, h, title, alt)
	letters := 0
	for _, o := range ops {
		letters += 250 + 12*o.corners()
	}
	c.buf = slices.Grow(c.buf, letters) // or it would move a dozen times
	drawAll(c, ops)
	return c.bytes(), nil
}

const (
	mostDrawn  = 300_000   // corners and letters of a picture, which makes an SVG of some 4 MB
	mostDashed = 1_000_000 // dashes of all its lines
)

// Record returns the strokes of a picture, or an error where one cannot be drawn or they are too many.
func Record(draw func(Pen)) ([]Op, error) {
	k := record{left: mostDrawn, dashes: mostDashed}
	draw(Pen{kept: &k, of: "figure"})
	switch {
	case k.err != nil:
		return nil, k.err
	case k.left < 0:
		return nil, fmt.Errorf("figure: the picture has more than %d corners, which no reader could see; draw fewer points, arrows or cells in it", mostDrawn)
	case k.dashes < 0:
		return nil, fmt.Errorf("figure: the picture has more than %d dashes, which no reader could see; draw shorter or solid lines in it", mostDashed)
	}
	return k.ops, nil
}

func drawAll(c vg.Canvas, ops []Op) {
	for _, o := range ops {
		o.draw(c)
	}
}
