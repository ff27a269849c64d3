package figure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// walk is SGD around the optimum of bowl.
func walk(steps int) (xs, ys []float64) {
	r := rand.New(rand.NewPCG(7, 8))
	x, y := -2.0, 1.0
	for range steps {
		xs, ys = append(xs, x), append(ys, y)
		x, y = x-0.1*x+0.1*r.NormFloat64(), y-0.1*10*y+0.1*r.NormFloat64()
	}
	return xs, ys
}

func dance(frames int) *Animation {
	xs, ys := walk(5 * frames)
	ground := New("SGD dances", X("θ₁"), Y("θ₂")).Contour("loss L(θ)", bowl).Mark("optimum", 0, 0).Ellipse("theory", 0, 0, 0.5, 0.1, 0)
	return Animate(frames, 12, func(i int) *Figure {
		t := 5 * i
		return ground.Copy().Path("SGD", xs[:t+1], ys[:t+1]).Points("SGD", xs[t:t+1], ys[t:t+1])
	})
}

// played is an animated PNG taken apart by what the specification says.
type played struct {
	still  image.Image
	frames []*image.RGBA
	delays []int // milliseconds
}

// play checks the chunks and puts the frames on the canvas. Each frame becomes
// a PNG of its own, which image/png reads.
func play(t *testing.T, data []byte) played {
	t.Helper()
	type part struct {
		kind string
		data []byte
	}
	const signature = "\x89PNG\r\n\x1a\n"
	require.Equal(t, signature, string(data[:8]))
	var parts []part
	for b := data[8:]; len(b) > 0; {
		n := binary.BigEndian.Uint32(b)
		require.Equal(t, crc32.ChecksumIEEE(b[4:8+n]), binary.BigEndian.Uint32(b[8+n:]))
		parts = append(parts, part{string(b[4:8]), b[8 : 8+n]})
		b = b[12+n:]
	}
	assemble := func(parts ...part) []byte {
		out := []byte(signature)
		for _, p := range parts {
			out = binary.BigEndian.AppendUint32(out, uint32(len(p.data)))
			out = append(append(out, p.kind...), p.data...)
			out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[len(out)-4-len(p.data):]))
		}
		return out
	}
	require.Equal(t, "IHDR", parts[0].kind)
	require.Equal(t, "IEND", parts[len(parts)-1].kind)

	var out played
	var head, shared []part
	head = parts[:1]
	var canvas *image.RGBA
	var control []byte
	var number, announced uint32
	still := false
	for _, p := range parts {
		switch p.kind {
		case "acTL":
			require.False(t, still, "before the picture")
			announced = binary.BigEndian.Uint32(p.data)
			require.Zero(t, binary.BigEndian.Uint32(p.data[4:]), "for ever")
		case "PLTE", "tRNS":
			shared = append(shared, p)
		case "IDAT":
			require.NotZero(t, announced)
			require.Nil(t, control, "the still is no frame")
			still = true
		case "fcTL":
			require.True(t, still)
			require.Nil(t, control)
			require.Equal(t, number, binary.BigEndian.Uint32(p.data))
			number++
			control = p.data
		case "fdAT":
			require.Equal(t, number, binary.BigEndian.Uint32(p.data))
			number++
			at := func(i int) int { return int(binary.BigEndian.Uint32(control[i:])) }
			size := bytes.Clone(head[0].data)
			copy(size, control[4:12])
			frame := append(append([]part{{"IHDR", size}}, shared...), part{"IDAT", p.data[4:]}, part{"IEND", nil})
			img, err := png.Decode(bytes.NewReader(assemble(frame...)))
			require.NoError(t, err)
			w, h := binary.BigEndian.Uint32(head[0].data), binary.BigEndian.Uint32(head[0].data[4:])
			full := image.Rect(0, 0, int(w), int(h))
			place := image.Rect(at(12), at(16), at(12)+at(4), at(16)+at(8))
			require.True(t, place.In(full))
			require.Equal(t, []byte{0, 1}, control[24:26], "keep it, lay the next over it")
			if canvas == nil {
				require.Equal(t, full, place, "the first frame covers the last of the round before")
				canvas = image.NewRGBA(full)
			}
			draw.Draw(canvas, place, img, img.Bounds().Min, draw.Over)
			copied := image.NewRGBA(full)
			copy(copied.Pix, canvas.Pix)
			out.frames = append(out.frames, copied)
			require.EqualValues(t, 1000, binary.BigEndian.Uint16(control[22:]))
			out.delays = append(out.delays, int(binary.BigEndian.Uint16(control[20:])))
			control = nil
		}
	}
	require.EqualValues(t, announced, len(out.frames))
	var err error
	out.still, err = png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	return out
}

// far is the largest difference of a channel between two pictures.
func far(t *testing.T, a, b image.Image) int {
	t.Helper()
	require.Equal(t, a.Bounds(), b.Bounds())
	worst := 0
	rgba := func(img image.Image, x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := rgba(a, x, y), rgba(b, x, y)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B), int(p.A) - int(q.A)} {
				worst = max(worst, d, -d)
			}
		}
	}
	return worst
}

func pngOf(t *testing.T, a interface{ PNG() ([]byte, error) }) []byte {
	t.Helper()
	data, err := a.PNG()
	require.NoError(t, err)
	return data
}

// Each frame of the animation is the picture that PNG draws of its figure, but
// for the palette that all frames share.
func TestAnimationShowsItsFrames(t *testing.T) {
	const frames = 6
	xs, ys := walk(frames)
	frame := func(i int) *Figure {
		left := New("SGD walks", X("θ₁").Range(-3, 3), Y("θ₂").Range(-2, 2)).Contour("loss L(θ)", bowl).Path("SGD", xs[:i+1], ys[:i+1])
		right := New("Loss", X("step t").Range(0, 6), Y("loss").Range(0, 10))
		if i > 0 { // the color of a name does not change when another comes
			right.Line("GD", nil, []float64{9, 5, 2, 1, 0.5, 0.2}[:i+1])
		}
		return Row(left, right.Points("now", []float64{float64(i)}, []float64{float64(i)}))
	}
	a := Animate(frames, 10, frame).StillAt(2)
	film := play(t, pngOf(t, a))
	require.Len(t, film.frames, frames)
	require.Equal(t, []int{100, 100, 100, 100, 100, 1600}, film.delays)
	for i, got := range film.frames {
		want, err := png.Decode(bytes.NewReader(pngOf(t, frame(max(i, 1)))))
		require.NoError(t, err)
		if i > 0 {
			require.LessOrEqual(t, far(t, want, got), 24, "frame %d", i)
		} else {
			require.Greater(t, far(t, want, got), 100, "frame 0 is not frame 1")
		}
		if i == 2 {
			require.Zero(t, far(t, film.still, got), "the still is one of them")
		}
	}
}

// A minute of GD or SGD must not weigh down the notebook.
func TestAnimationIsLight(t *testing.T) {
	a := dance(60)
	data := pngOf(t, a)
	require.Less(t, len(data), 300_000)
	require.Equal(t, data, pngOf(t, dance(60)), "the same frames, the same bytes")
	w, h := a.Size()
	size, err := png.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, []int{2 * w, 2 * h}, []int{size.Width, size.Height})
}

func TestNothingJumps(t *testing.T) {
	frame := func(i int) *Figure {
		ys := make([]float64, 10*i+1)
		for k := range ys {
			ys[k] = math.Exp(float64(k) / 3)
			if k > 25 {
				ys[k] = inf
			}
		}
		f := New("Loss", X("step t"), LogY("loss")).Line("GD", nil, ys)
		if i > 2 {
			f.HLine(5, "a line that comes late, with a long name")
		}
		return f
	}
	a := Animate(5, 2, frame)
	film, err := a.develop()
	require.NoError(t, err)
	first := film.layouts[0]
	for _, l := range film.layouts {
		require.Equal(t, []int{first.w, first.h}, []int{l.w, l.h})
		require.Equal(t, first.panels[0].frame, l.panels[0].frame)
		require.Equal(t, first.panels[0].sx, l.panels[0].sx)
		require.Equal(t, first.panels[0].sy, l.panels[0].sy)
	}
	require.Equal(t, 25.0, first.panels[0].sx.hi)

	// A walk too long for markers has none from the start.
	dance, err := dance(60).develop()
	require.NoError(t, err)
	require.True(t, dance.layouts[0].panels[0].thin["SGD"])
}

func TestFramesThatAreAlikeAreOne(t *testing.T) {
	a := Animate(7, 10, func(i int) *Figure { return New("t", X("x"), Y("y")).Line("a", nil, []float64{0, 1, float64(i / 3)}) })
	film := play(t, pngOf(t, a))
	require.Equal(t, []int{300, 300, 1600}, film.delays)
	single := play(t, pngOf(t, Animate(1, 10, func(int) *Figure { return plane() })))
	require.Equal(t, []int{1600}, single.delays)
}

func TestAnimationInWords(t *testing.T) {
	a := dance(24)
	require.True(t, strings.HasPrefix(a.Alt(), "Animation of 24 frames in 2 seconds. Frame 24: SGD dances. Horizontal axis: θ₁, from −2.5 to 2.5."), a.Alt())
	require.Contains(t, a.StillAt(0).Alt(), "Frame 1: SGD dances.")
	require.Equal(t, "It dances.", a.Describe("It dances.").Alt())
}

func TestMistakesInAnimations(t *testing.T) {
	ok := func(int) *Figure { return plane() }
	for want, a := range map[string]*Animation{
		"an animation of 0 frames: it must have from 1 to 600":                Animate(0, 10, ok),
		"an animation of 601 frames":                                          Animate(601, 10, ok),
		"an animation of NaN frames per second: browsers show from 0.2 to 50": Animate(2, nan, ok),
		"an animation of 100 frames per second":                               Animate(2, 100, ok),
		"an animation needs a function that draws its frames; it is nil":      Animate(2, 10, nil),
		"frame 1 of the animation is nil": Animate(2, 10, func(i int) *Figure {
			if i == 1 {
				return nil
			}
			return plane()
		}),
		"frame 1 of the animation has other panels than frame 0": Animate(2, 10, func(i int) *Figure {
			if i == 1 {
				return Row(plane())
			}
			return plane()
		}),
		`frame 1: figure: line "a" has no finite value to draw`: Animate(2, 10, func(i int) *Figure {
			return New("t", X("x"), Y("y")).Line("a", nil, []float64{[]float64{1, nan}[i]})
		}),
		`frame 0: figure: "t" is empty`:                             Animate(2, 10, func(int) *Figure { return New("t", X("x"), Y("y")) }),
		`frame 0: panel 2: figure: "t" is empty`:                    Animate(2, 10, func(int) *Figure { return Row(plane(), New("t", X("x"), Y("y"))) }),
		`do not say which part of the plane to show`:                Animate(2, 10, func(int) *Figure { return New("t", X("x"), Y("y")).Contour("L", bowl) }),
		"the still is frame 2; the animation has the frames 0 to 1": Animate(2, 10, ok).StillAt(2),
	} {
		_, err := a.PNG()
		require.ErrorContains(t, err, want)
		w, h := a.Size()
		require.Zero(t, w+h)
		require.NotEmpty(t, a.Alt())
	}
}

func TestACopyLeavesTheFirstAlone(t *testing.T) {
	calls := 0
	f := New("t", X("x").Range(-1, 1), Y("y").Range(-1, 1)).Contour("L", func(x, y float64) float64 { calls++; return x*x + y*y })
	before := svgOf(t, f)
	once := calls
	for i := range 3 {
		c := f.Copy().Path(fmt.Sprint(i), []float64{0, 0.5}, []float64{0, 0.5}).Mark("m", 0, 0).HLine(0, "zero")
		require.NotEqual(t, before, svgOf(t, c))
	}
	require.Equal(t, before, svgOf(t, f))
	require.Equal(t, once, calls, "the contours are computed once")
}

func BenchmarkAnimation(b *testing.B) {
	for b.Loop() {
		if _, err := dance(60).PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
