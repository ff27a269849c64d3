package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"sync"

	"descent.example/internal/live"
	"descent.example/pkg/figure/internal/ink"
)

// Contour draws the level sets of loss(x, y) over the frame as shaded bands
// and names them in a color bar with the given label. Without levels they
// are chosen: 1 and 3 times powers of ten where the loss is positive and spans
// more than a factor 30, evenly spaced round numbers otherwise. A loss that is
// not finite somewhere is drawn as the highest level there; one that panics is
// an error of SVG and PNG.
//
// Where the axes have no Range, the frame is centerd on the first Mark (or on
// the end of the first path that does not diverge) and wide enough for every
// start and its mirror image.
func (f *Figure) Contour(label string, loss func(x, y float64) float64, levels ...float64) *Figure {
	c := &contour{values: &values{kind: "contours", name: label, group: ground, plane: true}, loss: loss}
	if c.err = atMost(mostLevels, len(levels), "levels of contours"); c.err == nil {
		c.asked = slices.Sorted(slices.Values(levels))
	}
	f = f.made()
	before, second := f.ground()
	if f.add(c); second {
		f.fail(fmt.Errorf("figure: contours of %q: the panel already has those of %q", label, before))
	}
	return f
}

// contour is a loss over a panel and the levels to draw. Its values are kept:
// SVG and PNG need the same ones, and the loss may be dear.
type contour struct {
	*values
	loss  func(x, y float64) float64
	asked []float64 // levels

	drawing sync.Mutex // SVG and PNG may be drawn at the same time
	x, y    scale
	kept    *field
}

func (c *contour) Check(x, y Axis) error {
	switch {
	case c.err != nil:
		return c.err
	case c.name == "":
		return fmt.Errorf("figure: the contours have no label; say what their levels are, as in \"loss L(θ)\"")
	case c.loss == nil:
		return fmt.Errorf("figure: contours of %q: the loss is nil", c.name)
	case !x.linear() || !y.linear():
		return fmt.Errorf("figure: contours of %q need two linear axes", c.name)
	}
	for i, l := range c.asked {
		if !finite(l) || i > 0 && l == c.asked[i-1] {
			return fmt.Errorf("figure: contours of %q: levels %v must be finite and different", c.name, c.asked)
		}
	}
	return nil
}

// settle is the loss in the frame of a panel.
func (c *contour) settle(p *Panel, _ *common) (colored, error) {
	f, err := c.sample(p.sx, p.sy)
	p.framed = true
	return f, err
}

// field is a loss evaluated on a grid over the frame, (0,0) to (1,1).
type field struct {
	*contour
	*relief
}

// relief is what does not change while the values of a loss stay the same: the levels and their borders, which are traced and drawn once.
type relief struct {
	asked   []float64
	levels  []float64
	log     bool
	z       [][]float64 // z[i][j] at (i, j)/(cells)
	tracing sync.Once
	traced  [][]loop // of each level

	placing sync.Mutex
	frame   Rect
	drawn   *ink.Kept // in the frame
}

// reliefs are the last ones of a live process, which draws the same loss again for each place of a slider.
var reliefs struct {
	sync.Mutex
	last []*relief
}

const mostReliefs = 4 // of 130 kB and more

// remembered is a relief of the same values if there was one a short time ago. If not, it is r, once settled.
func (r *relief) remembered(settle func() error) (*relief, error) {
	if !live.Process {
		return r, settle()
	}
	reliefs.Lock()
	defer reliefs.Unlock()
	at := slices.IndexFunc(reliefs.last, func(old *relief) bool {
		return slices.Equal(r.asked, old.asked) && slices.EqualFunc(r.z, old.z, slices.Equal[[]float64])
	})
	if at >= 0 {
		r = reliefs.last[at]
		reliefs.last = slices.Delete(reliefs.last, at, at+1)
	} else if err := settle(); err != nil {
		return nil, err
	}
	reliefs.last = append(reliefs.last[max(0, len(reliefs.last)-mostReliefs+1):], r)
	return r, nil
}

const cells = 128 // of the grid, along each axis: four pixels or fewer

func (c *contour) sample(x, y scale) (*field, error) {
	c.drawing.Lock()
	defer c.drawing.Unlock()
	if c.kept != nil && c.x == x && c.y == y {
		return c.kept, nil
	}
	f, err := c.relief(x, y)
	if err != nil {
		return nil, err
	}
	c.x, c.y, c.kept = x, y, &field{c, f}
	return c.kept, nil
}

func (c *contour) relief(x, y scale) (*relief, error) {
	r := &relief{asked: c.asked}
	var all []float64
	draw := func() {
		for i := range cells + 1 {
			col := make([]float64, cells+1)
			for j := range col {
				v := c.loss(x.at(float64(i)/cells), y.at(float64(j)/cells))
				if finite(v) {
					all = append(all, v)
				} else {
					v = math.MaxFloat64
				}
				col[j] = v
			}
			r.z = append(r.z, col)
		}
	}
	if err := call(fmt.Sprintf("contours of %q", c.name), draw); err != nil {
		return nil, err
	}
	return r.remembered(func() error {
		if len(all) == 0 {
			return fmt.Errorf("figure: contours of %q: the loss is nowhere finite for x in [%v, %v], y in [%v, %v]", c.name, x.lo, x.hi, y.lo, y.hi)
		}
		slices.Sort(all)
		lowest, highest := all[0], all[len(all)-1]
		if r.levels = slices.Clone(r.asked); len(r.levels) == 0 {
			r.levels, r.log = levels(all)
		} else {
			r.log = r.levels[0] > 0 && len(r.levels) > 2 && r.levels[len(r.levels)-1] > 30*r.levels[0]
		}
		if len(r.levels) == 0 || r.levels[len(r.levels)-1] < lowest || r.levels[0] > highest {
			return fmt.Errorf("figure: contours of %q: no level to draw; the loss goes from %v to %v in the frame, the levels are %v", c.name, lowest, highest, r.levels)
		}
		return nil
	})
}

// levels chooses up to 12 round levels for sorted values.
func levels(sorted []float64) ([]float64, bool) {
	highest := sorted[len(sorted)-1]
	// The lowest values fill a few cells around the optimum: lines there
	// would be a blot.
	low := sorted[len(sorted)/200]
	if sorted[0] >= 0 && low > 0 && highest > 30*low {
		for _, mantissas := range [][]int{{1, 3}, {1}} {
			var out []float64
			for e := int(math.Floor(math.Log10(low))); e <= int(math.Log10(highest))+1; e++ {
				for _, m := range mantissas {
					if v := power(m, e); v > low && v < highest {
						out = append(out, v)
					}
				}
			}
			if len(out) > 12 && len(mantissas) == 1 {
				out = out[len(out)-12:]
			}
			if len(out) <= 12 {
				return out, true
			}
		}
	}
	if sorted[0] == highest {
		return nil, false
	}
	return slices.DeleteFunc(round(sorted[0], highest, 10), func(v float64) bool {
		return v <= sorted[0] || v >= highest
	}), false
}

// loop is the closed border of a region {z ≥ level}, the region on its left.
// rim[i] says that the edge from point i to the next runs along the frame,
// where it bounds the region but is no level line.
type loop struct {
	pts []Point
	rim []bool
}

// borders are the loops of every level.
func (r *relief) borders() [][]loop {
	r.tracing.Do(func() {
		for _, level := range r.levels {
			r.traced = append(r.traced, r.loops(level))
		}
	})
	return r.traced
}

// lattice is a field with a ring of nodes around it, as wide as nothing, that lie below the level, so that every border of
// {z ≥ level} closes. An edge of it is named by its lower left node and its direction.
type lattice struct {
	*relief
	level float64
}

const nodes = cells + 3 // along each axis, with the ring

func (l lattice) value(i, j int) float64 {
	if i == 0 || j == 0 || i == nodes-1 || j == nodes-1 {
		return math.Inf(-1)
	}
	return l.z[i-1][j-1]
}

func (l lattice) edge(i, j int, up bool) int {
	e := 2 * (i*nodes + j)
	if up {
		e++
	}
	return e
}

// cross is where the level crosses an edge.
func (l lattice) cross(e int) Point {
	i, j := e/2/nodes, e/2%nodes
	i2, j2 := i+1-e%2, j+e%2
	node := func(i, j int) Point {
		at := func(k int) float64 { return float64(min(max(k-1, 0), cells)) / cells }
		return At(at(i), at(j))
	}
	a, b := l.value(i, j), l.value(i2, j2)
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return node(i, j).Toward(node(i2, j2), 0.5) // both ends are one but for the ring's own edges, never crossed
	}
	return node(i, j).Toward(node(i2, j2), (l.level/2-a/2)/(b/2-a/2))
}

// loops traces the borders of {z ≥ level} in the unit square by marching
// squares.
func (r *relief) loops(level float64) []loop {
	l := lattice{r, level}
	const none = -1
	next, rim := make([]int, 2*nodes*nodes), make([]bool, 2*nodes*nodes)
	for e := range next {
		next[e] = none
	}
	var starts []int
	for i := range nodes - 1 {
		for j := range nodes - 1 {
			corner := [4]float64{l.value(i, j), l.value(i+1, j), l.value(i+1, j+1), l.value(i, j+1)}
			if a := corner[0] >= level; a == (corner[1] >= level) && a == (corner[2] >= level) && a == (corner[3] >= level) {
				continue // no border passes here
			}
			side := [4]int{l.edge(i, j, false), l.edge(i+1, j, true), l.edge(i, j+1, false), l.edge(i, j, true)}
			// Going round counter-clockwise, the region is entered on some
			// sides and left on others; its border runs from where it is left…
			var in, out []int
			for k := range 4 {
				switch a, b := corner[k] >= level, corner[(k+1)%4] >= level; {
				case !a && b:
					in = append(in, k)
				case a && !b:
					out = append(out, k)
				}
			}
			if len(in) == 2 {
				// …to where it was entered. On a saddle that happens twice:
				// the two corners inside are joined if the middle is inside.
				joined := corner[0]/4+corner[1]/4+corner[2]/4+corner[3]/4 >= level
				if (in[0] < out[0]) == joined {
					in[0], in[1] = in[1], in[0]
				}
			}
			ring := i == 0 || j == 0 || i == nodes-2 || j == nodes-2
			for k := range in {
				next[side[out[k]]] = side[in[k]]
				rim[side[out[k]]] = ring
				starts = append(starts, side[out[k]])
			}
		}
	}
	var all []loop
	for _, e := range starts {
		var border loop
		for {
			to := next[e]
			if to == none {
				break
			}
			border.pts, border.rim = append(border.pts, l.cross(e)), append(border.rim, rim[e])
			next[e], e = none, to
		}
		if len(border.pts) > 2 {
			all = append(all, border)
		}
	}
	return all
}

// lines are the level lines alone: the stretches of a loop inside the frame.
func (l loop) lines() [][]Point {
	first := slices.Index(l.rim, true)
	if first < 0 {
		return [][]Point{append(slices.Clone(l.pts), l.pts[0])}
	}
	var out [][]Point
	var cur []Point
	for k := range l.pts {
		i := (first + 1 + k) % len(l.pts)
		cur = append(cur, l.pts[i])
		if l.rim[i] {
			if len(cur) > 1 {
				out = append(out, cur)
			}
			cur = nil
		}
	}
	return out
}

var (
	isoInk = color.NRGBA{0x8a, 0x93, 0xa0, 0xff}
	// Contours go from white (low) to a gray-blue light enough for every
	// trajectory to stand out.
	lowFill, highFill = color.NRGBA{0xff, 0xff, 0xff, 0xff}, color.NRGBA{0xaf, 0xb9, 0xc6, 0xff}
)

func (r *relief) shade(i int) color.NRGBA {
	t := float64(i) / float64(len(r.levels))
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + t*(float64(b)-float64(a)))) }
	return color.NRGBA{mix(lowFill.R, highFill.R), mix(lowFill.G, highFill.G), mix(lowFill.B, highFill.B), 0xff}
}

func (f *field) Draw(c Pen, p *Panel) {
	f.placing.Lock()
	defer f.placing.Unlock()
	if f.drawn == nil || f.frame != p.frame {
		f.drawn, f.frame = c.Keep(func(c Pen) { f.draw(c, p) }), p.frame
	}
	c.Again(f.drawn)
}

// draw lays the shade of each level over that of the one below.
func (r *relief) draw(c Pen, p *Panel) {
	c.Box(r.shade(0), p.frame)
	var iso [][]Point
	for i, loops := range r.borders() {
		var region [][]Point
		for _, l := range loops {
			region = append(region, ink.Peucker(p.placeAll(l.pts), ink.Tolerance))
			for _, line := range l.lines() {
				iso = append(iso, ink.Peucker(p.placeAll(line), ink.Tolerance))
			}
		}
		if len(region) > 0 {
			c.Fill(r.shade(i+1), region...)
		}
	}
	for _, line := range iso {
		c.Stroke(Style{Color: isoInk, Width: 0.8}, line...)
	}
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

// barRoom is what the color bar takes beside the frame.
func (f *field) barRoom() float64 {
	return barGap + barWidth + 6 + widest(f.names()) + 6 + labelSize*leading
}

// sameBar says whether another color bar explains the same shades.
func (f *field) sameBar(o colored) bool {
	g, ok := o.(*field)
	return ok && g.name == f.name && slices.Equal(g.levels, f.levels)
}

func (f *field) Describe(*Panel) string {
	return fmt.Sprintf("Contours of %s, levels %s", f.name, strings.Join(f.names(), ", "))
}

// drawBar draws the color bar: every shade, and the level between two of them.
func (f *field) drawBar(c Pen, p *Panel) {
	frame := p.frame
	names := f.names()
	n := len(names)
	x := frame.Max.X + barGap
	step := (frame.Max.Y - frame.Min.Y) / float64(n+1)
	for i := range n + 1 {
		y := frame.Min.Y + float64(i)*step
		c.Box(f.shade(i), Rect{Min: At(x, y), Max: At(x+barWidth, y+step)})
	}
	rim := Style{Color: ink.Gray, Width: 1}
	c.Outline(rim, Rect{Min: At(x, frame.Min.Y), Max: At(x+barWidth, frame.Max.Y)})
	every := int(math.Ceil(tickSize * 1.1 / step))
	for i, name := range names {
		y := frame.Min.Y + float64(i+1)*step
		c.Stroke(Style{Color: isoInk, Width: 0.8}, At(x, y), At(x+barWidth, y))
		if (n-1-i)%every == 0 {
			c.Text(name, At(x+barWidth+6, y-tickSize*0.35), ink.Sized(ink.Regular, tickSize), ink.Left)
		}
	}
	size, _ := p.labelSize(f.name, true)
	c.Text(f.name, At(frame.Max.X+p.right-4, (frame.Min.Y+frame.Max.Y)/2), ink.Sized(ink.Regular, size), ink.Upright)
}
