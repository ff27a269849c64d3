package ink

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPalettedKeepsFewColorsExactly(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 20, 10))
	for k := range 200 {
		img.Set(k%20, k/20, color.RGBA{uint8(k), 0, uint8(255 - k), 255})
	}
	got := paletted(img)
	for k := range 200 {
		require.Equal(t, img.At(k%20, k/20), got.At(k%20, k/20))
	}
}

// A cube of 16³ colors cannot be had with 256; with 512 cells of side 32 it cannot either, with 6³ = 216 of side 43
// it can: so no channel needs to move by more than 43, and the greedy choice is allowed some more.
func TestPalettedMovesColorsLittle(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for k := range 4096 {
		img.Set(k%64, k/64, color.RGBA{uint8(k % 16 * 17), uint8(k / 16 % 16 * 17), uint8(k / 256 * 17), 255})
	}
	got := paletted(img)
	require.LessOrEqual(t, len(got.Palette), 256)
	for k := range 4096 {
		require.LessOrEqual(t, apart(img.RGBAAt(k%64, k/64), got.At(k%64, k/64).(color.RGBA)), 51)
	}
	require.Equal(t, got.Pix, paletted(img).Pix, "the same picture, the same bytes")
}
