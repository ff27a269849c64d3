package ink

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
)

// The mask draws what gonum's canvas draws.
func TestMaskEqualsGonums(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var noise, loops vg.Path
	for i := range 250 {
		q := Point{20 + float64(i)*1.5, 20 + 160*r.Float64()}.VG()
		if i == 0 {
			noise.Move(q)
		} else {
			noise.Line(q)
		}
		loops.Move(q)
		loops.Arc(q, 9, 0, 2*math.Pi)
		loops.Close()
	}
	for name, draw := range map[string]func(c vg.Canvas){
		"line":   func(c vg.Canvas) { c.SetLineWidth(2.25); c.SetLineDash(nil, 0); c.Stroke(noise) },
		"dashed": func(c vg.Canvas) { c.SetLineWidth(2.25); c.SetLineDash(dashes[1], 0); c.Stroke(noise) },
		"loops":  func(c vg.Canvas) { c.Fill(loops) },
	} {
		ours, theirs := newPNG(420, 200), newPNG(420, 200)
		_, crossed := ours.polylines(noise)
		if name == "loops" {
			_, crossed = ours.polylines(loops)
		}
		var around vg.Path // so that the path is a thicket
		for k := 0.0; k < 1.1*(thicket-crossed); k += 2 * dots * 500 {
			around.Move(Point{-50, -100}.VG())
			around.Line(Point{-50, 400}.VG())
			around.Line(Point{-60, -100}.VG())
		}
		for _, c := range []vg.Canvas{ours, theirs.Canvas} {
			c.SetColor(Palette[0])
			draw(withMore{c, around})
		}
		a, b := ours.Image().(*image.RGBA), theirs.Image().(*image.RGBA)
		different := 0
		for k := range a.Pix {
			if d := int(a.Pix[k]) - int(b.Pix[k]); d > 40 || d < -40 { // gonum rounds to 1/64 of a dot before it dashes
				different++
			}
		}
		require.Less(t, different, len(a.Pix)/500, name)
		require.NotEqual(t, newPNG(420, 200).Image().(*image.RGBA).Pix, a.Pix)
	}
}

// withMore adds to each path what lies outside the picture.
type withMore struct {
	vg.Canvas
	more vg.Path
}

func (c withMore) Stroke(p vg.Path) { c.Canvas.Stroke(append(p[:len(p):len(p)], c.more...)) }
func (c withMore) Fill(p vg.Path)   { c.Canvas.Fill(append(p[:len(p):len(p)], c.more...)) }
