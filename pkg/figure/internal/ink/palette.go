//go:build !js

package ink

import (
	"image"
	"image/color"
	"slices"
)

// paletted returns the picture with at most 256 colors, which makes its PNG a third of the size. Few are lost: the
// flat ones stay, and no channel of a blend at an edge moves by more than a tolerance that is as small as 256 allow.
func paletted(img *image.RGBA) *image.Paletted {
	count := map[color.RGBA]int{}
	eachStretch(img, func(c color.RGBA, _, n int) { count[c] += n })
	palette, index := choose(count, 256)
	out := image.NewPaletted(img.Bounds(), palette)
	eachStretch(img, func(c color.RGBA, at, n int) {
		i := index[c]
		for k := at; k < at+n; k++ {
			out.Pix[k] = i
		}
	})
	return out
}

// choose picks at most limit colors, and says which of them stands for each.
func choose(count map[color.RGBA]int, limit int) (color.Palette, map[color.RGBA]uint8) {
	colors := make([]color.RGBA, 0, len(count))
	for c := range count {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, b color.RGBA) int { // the most frequent first; ties broken, for equal bytes
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	var palette color.Palette
	index := map[color.RGBA]uint8{}
	for tolerance := 0; ; tolerance++ {
		palette = palette[:0]
		for _, c := range colors {
			i := slices.IndexFunc(palette, func(p color.Color) bool { return apart(p.(color.RGBA), c) <= tolerance })
			if i < 0 {
				i = len(palette)
				palette = append(palette, c)
			}
			index[c] = uint8(i)
			if len(palette) > limit {
				break
			}
		}
		if len(palette) <= limit {
			return palette, index
		}
	}
}

// eachStretch calls do for each stretch of n equal pixels, whose first is the pixel at in reading order.
func eachStretch(img *image.RGBA, do func(c color.RGBA, at, n int)) {
	pixels := len(img.Pix) / 4
	pixel := func(k int) color.RGBA {
		p := img.Pix[4*k : 4*k+4]
		return color.RGBA{p[0], p[1], p[2], p[3]}
	}
	for at := 0; at < pixels; {
		c, n := pixel(at), 1
		for at+n < pixels && pixel(at+n) == c {
			n++
		}
		do(c, at, n)
		at += n
	}
}

// apart is the largest difference in a channel.
func apart(a, b color.RGBA) int {
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B), d(a.A, b.A))
}
