//go:build !js

package ink

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

const pause = 1500 // milliseconds after the last frame

// Film draws the frames of an animated PNG: first what all have in common, then on top of it
// what each has of its own. It returns an error that names the first frame that is too much.
func Film(w, h int, frames []func(Pen), still int, fps float64) ([]byte, error) {
	var first []Op
	own := make([][]Op, len(frames))
	from := make([]int, len(frames)) // where in first its own begin
	ground := 0
	for i, frame := range frames {
		all, err := Record(frame)
		if err != nil {
			return nil, fmt.Errorf("frame %d: %w", i, err)
		}
		if i == 0 {
			first, ground = all, len(all)
		}
		for from[i] < min(len(first), len(all)) && first[from[i]].same(all[from[i]]) {
			from[i]++
		}
		own[i], ground = slices.Clone(all[from[i]:]), min(ground, from[i])
	}
	c := newPNG(w, h)
	img := c.Image().(*image.RGBA) // what UseWH makes
	drawAll(c, first[:ground])
	blank := slices.Clone(img.Pix)
	draw := func(i int) {
		copy(img.Pix, blank)
		drawAll(c, first[ground:from[i]])
		drawAll(c, own[i])
	}

	// Colors are chosen by what is in a few frames; others turn into the nearest.
	last := len(own) - 1
	count := map[color.RGBA]int{}
	sample := []int{0, last / 4, last / 2, last * 3 / 4, last, still}
	slices.Sort(sample)
	for _, i := range slices.Compact(sample) {
		draw(i)
		eachStretch(img, func(c color.RGBA, _, n int) { count[c] += n })
	}
	ink := newInks(count)

	draw(still)
	stillImage := ink.all(img)
	var s strip
	draw(0)
	delay := int(math.Round(1000 / fps))
	shown, before := ink.all(img), slices.Clone(img.Pix)
	now := cel{ink.all(img), delay}
	for i := 1; i <= last; i++ {
		draw(i)
		changed := ink.changes(img, before, shown)
		copy(before, img.Pix)
		if changed == nil {
			now.delay = min(now.delay+delay, math.MaxUint16-pause)
			continue
		}
		if err := s.add(now); err != nil {
			return nil, err
		}
		now = cel{changed, delay}
	}
	now.delay += pause
	if err := s.add(now); err != nil {
		return nil, err
	}
	return s.around(stillImage)
}

func (o Op) same(q Op) bool {
	return o.Style.Color == q.Style.Color && o.Style.Width == q.Style.Width &&
		slices.Equal(o.Style.Dashes, q.Style.Dashes) &&
		o.Text == q.Text && o.Face.Font == q.Face.Font && o.At == q.At && o.upright == q.upright &&
		slices.EqualFunc(o.Lines, q.Lines, slices.Equal[[]Point]) &&
		slices.EqualFunc(o.Path, q.Path, func(a, b vg.PathComp) bool {
			return a.Type == b.Type && a.Pos == b.Pos && a.Radius == b.Radius && a.Start == b.Start && a.Angle == b.Angle
		})
}

// inks are the colors of an animation. The first is none at all.
type inks struct {
	palette color.Palette
	index   map[color.RGBA]uint8
}

func newInks(count map[color.RGBA]int) *inks {
	palette, index := choose(count, 255)
	k := &inks{palette: append(color.Palette{color.RGBA{}}, palette...), index: index}
	for c := range index {
		index[c]++
	}
	return k
}

func (k *inks) of(c color.RGBA) uint8 {
	i, ok := k.index[c]
	if !ok {
		nearest := 256
		for j, p := range k.palette[1:] {
			if d := apart(p.(color.RGBA), c); d < nearest {
				i, nearest = uint8(j+1), d
			}
		}
		k.index[c] = i
	}
	return i
}

func (k *inks) all(img *image.RGBA) *image.Paletted {
	out := image.NewPaletted(img.Bounds(), k.palette)
	eachStretch(img, func(c color.RGBA, at, n int) {
		i := k.of(c)
		for j := at; j < at+n; j++ {
			out.Pix[j] = i
		}
	})
	return out
}

// changes brings shown from the picture before to the one in img. It returns
// the part that has changed, transparent where it has not, or nil.
func (k *inks) changes(img *image.RGBA, before []byte, shown *image.Paletted) *image.Paletted {
	var dirty image.Rectangle
	next := image.NewPaletted(shown.Bounds(), k.palette)
	for y := range img.Rect.Dy() {
		row, old := img.Pix[y*img.Stride:][:img.Stride], before[y*img.Stride:][:img.Stride]
		if string(row) == string(old) {
			continue
		}
		for x := range img.Rect.Dx() {
			p, q := row[4*x:4*x+4], old[4*x:4*x+4]
			if p[0] == q[0] && p[1] == q[1] && p[2] == q[2] {
				continue
			}
			i, at := k.of(color.RGBA{p[0], p[1], p[2], p[3]}), y*shown.Stride+x
			if i != shown.Pix[at] {
				shown.Pix[at], next.Pix[at] = i, i
				dirty = dirty.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if dirty.Empty() {
		return nil
	}
	return next.SubImage(dirty).(*image.Paletted)
}
