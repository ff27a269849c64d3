package figure

import "image/color"

// The look of all pictures. Lengths are CSS pixels.
const (
	margin    = 16.0  // of the card
	gap       = 26.0  // between panels
	single    = 760.0 // width of a picture of one panel
	several   = 920.0 // width of a row
	tall      = 400.0 // a frame's height at most
	titleSize = 17.0
	labelSize = 16.0
	tickSize  = 15.0 // 11¼ pt, the smallest letters
	leading   = 1.2
	tickLen   = 5.0
	sampleLen = 30.0 // of a line in the legend
)

var (
	isoInk = color.NRGBA{0x8a, 0x93, 0xa0, 0xff}
	// Contours go from white (low) to a gray-blue light enough for every
	// trajectory to stand out.
	lowFill, highFill = color.NRGBA{0xff, 0xff, 0xff, 0xff}, color.NRGBA{0xaf, 0xb9, 0xc6, 0xff}
)

// Shades of areas, as their opacity.
const bandShade, theoryShade, barShade = 0x38, 0x20, 0x59
