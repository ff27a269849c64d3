//go:build !js

package ink

import (
	"image"
	"image/color"
	"math"

	"github.com/golang/freetype/raster"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"gonum.org/v1/plot/vg"
)

// gonum's image canvas keeps the dots that edges cross in one list a row, which it searches for each dot: a noisy curve
// takes it a minute. x/image/vector adds areas up in a mask, in time that grows with the edges' length alone. Of two
// pictures of a path no dot differs by more than rounding; the mask is the slower one where little is crossed.

// thicket is how many rows of dots a path's edges cross, all together, from which on a mask is used.
const thicket = 40_000

func (c *pngCanvas) SetColor(clr color.Color) {
	c.color = clr
	c.Canvas.SetColor(clr)
}

func (c *pngCanvas) SetLineWidth(w vg.Length) {
	c.width = w.Points() * dots
	c.Canvas.SetLineWidth(w)
}

func (c *pngCanvas) SetLineDash(d []vg.Length, offset vg.Length) {
	c.dashes = d
	c.Canvas.SetLineDash(d, offset)
}

// Fill fills a path. Like Stroke it is not called while the canvas is turned or moved.
func (c *pngCanvas) Fill(path vg.Path) {
	lines, crossed := c.polylines(path)
	if crossed < thicket {
		c.Canvas.Fill(path)
		return
	}
	var edges raster.Path
	for _, l := range lines {
		addLine(&edges, append(l, l[0]))
	}
	c.mask(edges)
}

func (c *pngCanvas) Stroke(path vg.Path) {
	lines, crossed := c.polylines(path)
	if crossed < thicket {
		c.Canvas.Stroke(path)
		return
	}
	if len(c.dashes) > 0 {
		lines = dashed(lines, c.dashes)
	}
	var along, edges raster.Path
	for _, l := range lines {
		addLine(&along, l)
	}
	raster.Stroke(&edges, along, fixed.Int26_6(c.width*64), raster.ButtCapper, raster.RoundJoiner)
	c.mask(edges)
}

// polylines are the lines of a path in dots, y down, with arcs as polygons, and how many rows of dots they cross.
func (c *pngCanvas) polylines(path vg.Path) (lines [][]Point, crossed float64) {
	h := float64(c.Image().Bounds().Dy())
	var cur []Point
	add := func(x, y float64) {
		q := Point{x * dots, h - y*dots}
		if n := len(cur); n > 0 {
			crossed += math.Abs(q.Y - cur[n-1].Y)
		}
		cur = append(cur, q)
	}
	end := func() {
		if len(cur) > 1 {
			lines = append(lines, cur)
		}
		cur = nil
	}
	for _, s := range path {
		x, y := s.Pos.X.Points(), s.Pos.Y.Points()
		switch s.Type {
		case vg.MoveComp:
			end()
			add(x, y)
		case vg.LineComp:
			add(x, y)
		case vg.ArcComp:
			const corners = 24
			for i := range corners + 1 {
				sin, cos := math.Sincos(s.Start + s.Angle*float64(i)/corners)
				add(x+s.Radius.Points()*cos, y+s.Radius.Points()*sin)
			}
		case vg.CloseComp:
			if len(cur) > 0 {
				cur = append(cur, cur[0])
			}
		}
	}
	end()
	return lines, crossed
}

// addLine leaves out what is shorter than the joints between strokes can bear.
func addLine(to *raster.Path, line []Point) {
	const shortest = 4 // of 64 parts of a dot
	var last fixed.Point26_6
	for i, q := range line {
		at := fixed.Point26_6{X: fixed.Int26_6(math.Round(q.X * 64)), Y: fixed.Int26_6(math.Round(q.Y * 64))}
		switch d := at.Sub(last); {
		case i == 0:
			to.Start(at)
		case max(d.X, -d.X)+max(d.Y, -d.Y) <= shortest:
			continue
		default:
			to.Add1(at)
		}
		last = at
	}
}

// dashed cuts lines into their dashes.
func dashed(lines [][]Point, dashes []vg.Length) [][]Point {
	var out [][]Point
	for _, l := range lines {
		cur, k, left := []Point{l[0]}, 0, dashes[0].Points()*dots
		for i := 1; i < len(l); {
			from := cur[len(cur)-1]
			d := l[i].Sub(from).Length()
			if d <= left {
				cur, left = append(cur, l[i]), left-d
				i++
				continue
			}
			cut := from.Toward(l[i], left/d)
			if k%2 == 0 {
				out = append(out, append(cur, cut))
			}
			k++
			cur, left = []Point{cut}, dashes[k%len(dashes)].Points()*dots
		}
		if k%2 == 0 && len(cur) > 1 {
			out = append(out, cur)
		}
	}
	return out
}

// mask lays the color over all that the edges enclose.
func (c *pngCanvas) mask(edges raster.Path) {
	img := c.Image().(*image.RGBA) // what UseWH makes
	z := vector.NewRasterizer(img.Rect.Dx(), img.Rect.Dy())
	at := func(i int) (x, y float32) { return float32(edges[i]) / 64, float32(edges[i+1]) / 64 }
	for i := 0; i < len(edges); {
		switch edges[i] { // as raster.Path has it: what follows, its coordinates, and once more what follows
		case 0:
			z.ClosePath()
			z.MoveTo(at(i + 1))
			i += 4
		case 1:
			z.LineTo(at(i + 1))
			i += 4
		case 2:
			bx, by := at(i + 1)
			cx, cy := at(i + 3)
			z.QuadTo(bx, by, cx, cy)
			i += 6
		default:
			bx, by := at(i + 1)
			cx, cy := at(i + 3)
			dx, dy := at(i + 5)
			z.CubeTo(bx, by, cx, cy, dx, dy)
			i += 8
		}
	}
	z.ClosePath()
	z.Draw(img, img.Rect, image.NewUniform(c.color), image.Point{})
}
