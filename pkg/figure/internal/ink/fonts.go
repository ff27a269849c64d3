package ink

import (
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
)

// The program of a page is built with another file in place of this one (internal/page), since an SVG needs the letters' widths alone.
var regularTTF, boldTTF = liberationsansregular.TTF, liberationsansbold.TTF
