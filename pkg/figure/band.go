package figure

import (
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Band adds the area between lo and hi, a range over seeds for example. Give
// it the name of a Line to share its color. With xs nil it is drawn over
// 0, 1, 2, …. A lo above its hi is an error; where either is not finite the
// band has a gap. What a logarithmic axis cannot show lies beyond its border.
func (f *Figure) Band(name string, xs, lo, hi Numbers) *Figure {
	return f.add(bandOf(values{kind: "band", layer: Areas - 1, beyond: true}.of(name, xs, lo), hi))
}

// TheoryBand adds the area between lo and hi in which theory expects the
// measurements: gray, below them, the interval of an autocorrelation that is
// 0 for example. Give the name also to a Theory to explain both in one entry of
// the legend. Arguments and errors are those of Band.
func (f *Figure) TheoryBand(name string, xs, lo, hi Numbers) *Figure {
	return f.add(bandOf(values{kind: "theory band", layer: Areas - 2, theory: true, beyond: true}.of(name, xs, lo), hi))
}

// band has its lower edge in ys.
type band struct {
	*values
	hi    []float64
	shade uint8 // its opacity
	rim   float64
}

func bandOf(v *values, hi Numbers) *band {
	b := &band{v, v.copied("upper", hi), 0x38, 0.8}
	if v.theory {
		b.shade, b.rim = 0x20, 0
	}
	v.with(column{"upper", b.hi, "%d lower but %d upper values"})
	return b
}

func (b *band) Check(x, y Axis) error {
	return b.check(x, y, func(i int) error {
		if b.ys[i] > b.hi[i] {
			return fmt.Errorf("%s: lo[%d] = %v lies above hi[%d] = %v", b.what(), i, b.ys[i], i, b.hi[i])
		}
		return nil
	})
}

func (b *band) Extent(include func(x, y float64)) {
	b.values.Extent(include)
	for i := range b.n {
		if b.ok(i) {
			include(b.xs[i], b.hi[i])
		}
	}
}

// Draw fills each stretch between gaps. Its height is clamped to the
// frame, which cuts it as long as its corners lie within the horizontal limits.
func (b *band) Draw(c Pen, p *Panel) {
	shade, rim := p.Style(b.name).Color, Style{Color: p.Style(b.name).Color, Width: b.rim}
	shade.A = b.shade
	for i := 0; i < b.n; i++ {
		var low, high []Point
		for ; i < b.n && b.ok(i); i++ {
			low, high = append(low, b.edge(p, i, b.ys)), append(high, b.edge(p, i, b.hi))
		}
		if len(low) < 2 {
			continue
		}
		low, high = clampBand(low), clampBand(high)
		edge := func(pts []Point) []Point { return ink.Decimate(p.placeAll(pts)) }
		around := edge(low)
		up := edge(high)
		slices.Reverse(up)
		c.Fill(shade, append(around, up...))
		if b.rim == 0 {
			continue // a line of no width is filled in a PNG
		}
		for _, pts := range [][]Point{low, high} {
			var cur []Point
			for k := range pts {
				if pts[k].Y > 0 && pts[k].Y < 1 && unit.Has(pts[k]) {
					cur = append(cur, pts[k])
					continue
				}
				c.Stroke(rim, edge(cur)...)
				cur = nil
			}
			c.Stroke(rim, edge(cur)...)
		}
	}
}

// edge is where value i of an edge lies, in the unit square or beyond it.
func (b *band) edge(p *Panel, i int, of []float64) Point {
	if p.sy.log && of[i] < tiny {
		return At(p.sx.norm(b.xs[i]), -1)
	}
	return p.at(b.xs[i], of[i])
}

// clampBand cuts an edge of a band to the unit square: pieces beyond its left
// and right side go, those above and below lie down on the border.
func clampBand(b []Point) []Point {
	tallRect := Rect{Min: At(0, math.Inf(-1)), Max: At(1, math.Inf(1))}
	flat := Rect{Min: At(math.Inf(-1), 0), Max: At(math.Inf(1), 1)}
	var out []Point
	push := func(q Point) {
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

func (b *band) Legend(p *Panel, e *Entry) {
	e.Area = b.shade
	if math.IsNaN(e.at) {
		low := b.ys[b.n-1]
		if p.sy.log {
			low = max(low, 0)
		}
		e.at = min(max(p.sy.norm((low+b.hi[b.n-1])/2), 0), 1)
	}
}

func (b *band) Describe(p *Panel) string {
	return b.describe(p, func(i int) string { return number(b.ys[i]) + " to " + number(b.hi[i]) })
}
