package figure

import (
	"fmt"
	"math"
	"slices"
)

// Bars adds a histogram: bar i reaches from edges[i] to edges[i+1] and from 0
// to heights[i]. What was expected goes on top as Theory over the middles of
// the bars, or as an HLine. There must be one edge more than heights, in
// ascending order, and all must be finite; on a logarithmic axis a height of 0
// is no bar, a negative one an error.
func (f *Figure) Bars(name string, edges, heights Numbers) *Figure {
	b := &bars{values: values{kind: histogram, layer: Areas}.of(name, edges, heights)}
	b.edges = b.xs
	n := min(len(b.ys), max(len(b.edges)-1, 0))
	b.xs, b.right = b.edges[:n], b.edges[len(b.edges)-n:]
	b.with(column{name: "right edge", values: b.right})
	return f.add(b)
}

const histogram = "histogram"

// bars have their left edges in xs.
type bars struct {
	*values
	edges, right []float64
}

func (b *bars) Check(x, y Axis) error {
	switch {
	case b.err != nil:
		return b.err
	case len(b.edges) != len(b.ys)+1:
		return fmt.Errorf("figure: histogram %q: %d edges but %d heights; there is one edge more than bars",
			b.name, len(b.edges), len(b.ys))
	}
	for i, h := range b.ys {
		switch {
		case !finite(h):
			return fmt.Errorf("figure: histogram %q: heights[%d] = %v is not finite", b.name, i, h)
		case !(b.edges[i] < b.edges[i+1]) || math.IsInf(b.edges[i+1], 0):
			return fmt.Errorf("figure: histogram %q: edges[%d] = %v and edges[%d] = %v must be finite and ascending",
				b.name, i, b.edges[i], i+1, b.edges[i+1])
		}
	}
	return b.check(x, y, nil)
}

func (b *bars) Extent(include func(x, y float64)) {
	for i := range b.n {
		if b.ok(i) {
			include(b.xs[i], b.ys[i])
			include(b.right[i], 0)
		}
	}
}

func (b *bars) obstacles(p *Panel) [][]Point {
	out := b.values.obstacles(p)
	for i := range b.right {
		out = append(out, []Point{p.Place(b.xs[i], b.ys[i]), p.Place(b.right[i], b.ys[i])})
	}
	return out
}

const barShade = 0x59 // opacity

func (b *bars) Draw(c Pen, p *Panel) {
	var boxes [][]Point
	clamp := func(v float64) float64 { return min(max(v, 0), 1) }
	floor := 0.0
	if !p.sy.log {
		floor = clamp(p.sy.norm(0))
	}
	for i := range b.n {
		left, right, top := clamp(p.sx.norm(b.xs[i])), clamp(p.sx.norm(b.right[i])), clamp(p.sy.norm(b.ys[i]))
		if b.ys[i] != 0 && left < right && top != floor {
			boxes = append(boxes, p.placeAll([]Point{At(left, floor), At(left, top), At(right, top), At(right, floor)}))
		}
	}
	st := p.Style(b.name)
	shade := st.Color
	shade.A = barShade
	for _, box := range boxes {
		c.Fill(shade, box)
	}
	st.Width = 1.4
	c.Strokes(st, boxes...)
}

func (b *bars) Legend(p *Panel, e *Entry) {
	e.bar = true
	b.explain(p, e, "")
}

func (b *bars) Describe(*Panel) string {
	high := slices.Index(b.ys, slices.Max(b.ys))
	return fmt.Sprintf("%s (histogram of %d bars): from %s to %s, the highest, %s, from %s to %s", b.name, len(b.ys),
		number(b.xs[0]), number(b.right[len(b.right)-1]), number(b.ys[high]), number(b.xs[high]), number(b.right[high]))
}
