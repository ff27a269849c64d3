package figure

import (
	"image/color"
	"math"

	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
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
	leading   = 1.2
	tickLen   = 5.0
	sampleLen = 30.0 // of a line in the legend
)

var (
	ink    = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	axes   = color.NRGBA{0x55, 0x55, 0x55, 0xff}
	grid   = color.NRGBA{0xe4, 0xe6, 0xea, 0xff}
	white  = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	halo   = color.NRGBA{0xff, 0xff, 0xff, 0xd0} // around what lies on contours
	isoInk = color.NRGBA{0x8a, 0x93, 0xa0, 0xff}
	// Contours go from white (low) to a grey-blue light enough for every
	// trajectory to stand out.
	lowFill, highFill = color.NRGBA{0xff, 0xff, 0xff, 0xff}, color.NRGBA{0xaf, 0xb9, 0xc6, 0xff}
)

// palette is Okabe and Ito's (2008), strongest on white first; yellow, which
// white drowns, left out.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
}

// Shades of areas, as their opacity.
const bandShade, theoryShade, barShade = 0x38, 0x20, 0x59

// dashes tell lines apart without colour. Their number and the palette's have
// no common divisor, so that 30 series all differ.
var dashes = [][]vg.Length{nil, {9, 4}, {2, 3}, {9, 3, 2, 3}, {14, 4, 5, 4}}

type style struct {
	color  color.NRGBA
	dashes []vg.Length
	shape  int
	width  float64
}

func seriesStyle(i int) style {
	return style{palette[i%len(palette)], dashes[i%len(dashes)], i, 2.25}
}

func theoryStyle(i int) style {
	return style{ink, dashes[(i+1)%len(dashes)], 0, 1.5}
}

// pen draws on a canvas in the units and types of this package.
type pen struct {
	c    vg.Canvas
	kept *[]op // where strokes go that are to be drawn later; nil to draw at once
	left *int  // how much may still be drawn; nil for no limit
}

// op is one stroke of a pen: a path to fill, or to draw with a line where it
// has a width, or a line of text.
type op struct {
	style   style
	path    vg.Path
	text    string
	face    vgfont.Face
	at      point
	upright bool
}

func (p pen) do(o op) {
	if p.left != nil {
		if *p.left -= len(o.path) + len(o.text) + 4; *p.left < 0 { // 4 for its colour and width
			return
		}
	}
	if p.kept != nil {
		*p.kept = append(*p.kept, o)
		return
	}
	o.draw(p.c)
}

func (o op) draw(c vg.Canvas) {
	c.SetColor(o.style.color)
	switch {
	case o.text != "" && o.upright:
		c.Push()
		c.Translate(o.at.vg())
		c.Rotate(math.Pi / 2)
		c.FillString(o.face, vg.Point{}, o.text)
		c.Pop()
	case o.text != "":
		c.FillString(o.face, o.at.vg(), o.text)
	case o.style.width > 0:
		c.SetLineWidth(vg.Length(o.style.width))
		c.SetLineDash(o.style.dashes, 0)
		c.Stroke(o.path)
	default:
		c.Fill(o.path)
	}
}

func (p pen) stroke(s style, pts ...point) { p.strokes(s, pts) }

// strokes draws several lines as one, which do not show through each other.
func (p pen) strokes(s style, lines ...[]point) {
	var path vg.Path
	for _, l := range lines {
		if len(l) < 2 {
			continue
		}
		path.Move(l[0].vg())
		for _, q := range l[1:] {
			path.Line(q.vg())
		}
	}
	if len(path) > 0 {
		p.do(op{style: s, path: path})
	}
}

func (p pen) fill(clr color.NRGBA, loops ...[]point) {
	var path vg.Path
	for _, l := range loops {
		for i, q := range l {
			if i == 0 {
				path.Move(q.vg())
			} else {
				path.Line(q.vg())
			}
		}
		path.Close()
	}
	p.do(op{style: style{color: clr}, path: path})
}

func (p pen) box(clr color.NRGBA, r rect) {
	p.fill(clr, []point{r.min, {r.max.x, r.min.y}, r.max, {r.min.x, r.max.y}})
}

func (p pen) outline(s style, r rect) {
	corner := point{r.max.x, r.min.y}
	p.stroke(s, r.min, corner, r.max, point{r.min.x, r.max.y}, r.min, corner)
}

// shapes of the markers, as corners on the unit circle: how many, and the
// angle of the first. None is a circle.
var shapes = []struct {
	corners int
	first   float64
}{{0, 0}, {4, math.Pi / 4}, {3, math.Pi / 2}, {4, math.Pi / 2}, {3, -math.Pi / 2}, {5, math.Pi / 2}}

// marker is a filled shape with a white rim, which sets it off from lines.
func (p pen) marker(s style, at point, r float64) {
	sh := shapes[s.shape%len(shapes)]
	if sh.corners > 0 {
		r *= 1.2 // for the same area as the circle
	}
	p.shape(white, at, r+1.2, sh.corners, sh.first, 1)
	p.shape(s.color, at, r, sh.corners, sh.first, 1)
}

// A cloud has so many markers that they hide each other's rims.
const cloud = 10_000

// markers draws markers of one style. Those of a cloud are drawn as one, first the
// rims of all.
func (p pen) markers(s style, at []point, r float64) {
	if len(at) <= cloud {
		for _, q := range at {
			p.marker(s, q, r)
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
	}{{white, 1.2*r + 1.2}, {s.color, 1.2 * r}} {
		loops := make([][]point, len(at))
		for i, q := range at {
			loops[i] = polygon(q, layer.r, corners, sh.first)
		}
		p.fill(layer.color, loops...)
	}
}

func polygon(at point, r float64, corners int, first float64) []point {
	out := make([]point, corners)
	for i := range out {
		sin, cos := math.Sincos(first + 2*math.Pi*float64(i)/float64(corners))
		out[i] = point{at.x + r*cos, at.y + r*sin}
	}
	return out
}

// shape fills a polygon around a point; inner < 1 makes it a star.
func (p pen) shape(clr color.NRGBA, at point, r float64, corners int, first, inner float64) {
	if corners == 0 {
		p.circle(style{color: clr}, at, r)
		return
	}
	var pts []point
	for i := range 2 * corners {
		d := r
		if i%2 == 1 {
			d = r * inner
			if inner == 1 {
				continue
			}
		}
		sin, cos := math.Sincos(first + math.Pi*float64(i)/float64(corners))
		pts = append(pts, point{at.x + d*cos, at.y + d*sin})
	}
	p.fill(clr, pts)
}

func (p pen) star(at point, r float64) {
	p.shape(white, at, r+2.5, 5, math.Pi/2, 0.5)
	p.shape(ink, at, r, 5, math.Pi/2, 0.42)
}

func (p pen) ring(at point) {
	p.shape(white, at, 7.5, 0, 0, 1)
	p.shape(ink, at, 6, 0, 0, 1)
	p.shape(white, at, 4, 0, 0, 1)
}

// cross marks the last finite value of a run.
func (p pen) cross(s style, at point, r float64) {
	for _, w := range []style{{color: white, width: 6}, {color: s.color, width: 3}} {
		p.stroke(w, point{at.x - r, at.y - r}, point{at.x + r, at.y + r})
		p.stroke(w, point{at.x - r, at.y + r}, point{at.x + r, at.y - r})
	}
}

// arrow has its tip at the border, where a run left the frame in direction d.
func (p pen) arrow(s style, tip, d point) {
	n := d.length()
	if n == 0 {
		return
	}
	along := point{d.x / n, d.y / n}
	p.fill(white, triangle(point{tip.x + 1.5*along.x, tip.y + 1.5*along.y}, along, 17, 8.5))
	p.fill(s.color, triangle(tip, along, 14, 6.5))
}

func (p pen) circle(s style, at point, r float64) {
	var path vg.Path
	path.Move(vg.Point{X: vg.Length(at.x + r), Y: vg.Length(at.y)})
	path.Arc(at.vg(), vg.Length(r), 0, 2*math.Pi)
	path.Close()
	p.do(op{style: s, path: path})
}

// text writes one line. align is 0 for left, 0.5 for centre, 1 for right; at
// is on the baseline. An upright text reads from bottom to top.
func (p pen) text(s string, at point, f vgfont.Face, align float64, upright bool) {
	p.colored(ink, s, at, f, align, upright)
}

func (p pen) colored(clr color.NRGBA, s string, at point, f vgfont.Face, align float64, upright bool) {
	if shift := align * width(f, s); upright {
		at.y -= shift
	} else {
		at.x -= shift
	}
	p.do(op{style: style{color: clr}, text: s, face: f, at: at, upright: upright})
}
