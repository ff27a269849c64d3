//go:build !js

package ink

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

var _ vg.Canvas = (*pngCanvas)(nil)

// pngCanvas is gonum's image canvas at two dots for one CSS pixel.
type pngCanvas struct {
	*vgimg.Canvas
	color  color.Color
	width  float64 // of lines, in dots
	dashes []vg.Length
}

const dots = 2

func newPNG(w, h int) *pngCanvas {
	return &pngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(vg.Length(w), vg.Length(h)), vgimg.UseDPI(72*dots))}
}

func (c *pngCanvas) FillString(f vgfont.Face, p vg.Point, s string) {
	for _, r := range runs(s) {
		rf := runFace(f, r)
		at := vg.Point{X: p.X, Y: p.Y + f.Font.Size*vg.Length(r.rise)}
		for i, part := range strings.Split(r.text, nabla) {
			if i > 0 {
				c.nabla(rf, at)
				at.X += rf.Width(delta)
			}
			c.Canvas.FillString(rf, at, part)
			at.X += rf.Width(part)
		}
		p.X = at.X
	}
}

func (c *pngCanvas) nabla(f vgfont.Face, p vg.Point) {
	const capital = 0.69 // height of Δ, in ems
	c.Push()
	defer c.Pop()
	c.Translate(vg.Point{X: p.X + f.Width(delta), Y: p.Y + f.Font.Size*capital})
	c.Rotate(math.Pi)
	c.Canvas.FillString(f, vg.Point{}, delta)
}

func (c *pngCanvas) bytes() ([]byte, error) {
	img := c.Image().(*image.RGBA) // what UseWH makes
	out, err := encode(paletted(img), png.DefaultCompression)
	if err != nil {
		return nil, err
	}
	const header = len(signature) + 25 // and IHDR
	return bytes.Join([][]byte{out[:header], appendChunk(nil, "pHYs", physical()), out[header:]}, nil), nil
}

// PNG returns what draw draws as an image of two dots for each CSS pixel, or an error if it is too much.
func PNG(w, h int, draw func(Pen)) ([]byte, error) {
	c := newPNG(w, h)
	ops, err := Record(draw)
	if err != nil {
		return nil, err
	}
	drawAll(c, ops)
	return c.bytes()
}
