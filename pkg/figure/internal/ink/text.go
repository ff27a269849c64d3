package ink

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A run is a stretch of text in one size: the letters as they are, or digits
// and signs raised or lowered. Liberation Sans has ₁ and ³ but no ⁻, ⁰ or ₜ,
// so all of them are drawn as small letters, alike in SVG and PNG.
type run struct {
	text string
	rise float64 // of the baseline, in ems
}

const small = 0.72 // size of raised and lowered letters

var shifted = func() map[rune]run {
	m := map[rune]run{}
	pair := func(from, to string, rise float64) {
		letters := []rune(to)
		for i, r := range []rune(from) {
			m[r] = run{string(letters[i]), rise}
		}
	}
	pair("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵗᵏᵀ", "0123456789+−ntkT", 0.36)
	pair("₀₁₂₃₄₅₆₇₈₉₊₋ₙₜᵢⱼₖₓ", "0123456789+−ntijkx", -0.18)
	return m
}()

// Signs that the font lacks and that look like another one.
var alike = strings.NewReplacer("∣", "|", "‑", "-", "⋅", "·")

// A caller's %g writes -2 where the axes have −2.
var hyphen = regexp.MustCompile(`(^|[^\pL\pN])-(\.?\d)`)

// Minus writes the signs of numbers as minus signs.
func Minus(s string) string {
	if !strings.Contains(s, "-") { // most texts, and the expression is slow
		return s
	}
	return hyphen.ReplaceAllString(s, "$1−$2")
}

var split memo[string, []run]

// runs splits a text into runs, which nobody may change. "_max" after a letter is lowered too, so that
// λ_max reads as in the lecture.
func runs(s string) []run { return split.get(s, func() []run { return newRuns(s) }) }

func newRuns(s string) []run {
	s = Minus(alike.Replace(s))
	var out []run
	push := func(r run) {
		if n := len(out); n > 0 && out[n-1].rise == r.rise {
			out[n-1].text += r.text
		} else {
			out = append(out, r)
		}
	}
	for s != "" {
		if low, ok := strings.CutPrefix(s, "_"); ok && len(out) > 0 {
			n := 0
			for n < len(low) && (low[n] >= 'a' && low[n] <= 'z' || low[n] >= '0' && low[n] <= '9') {
				n++
			}
			if n > 0 {
				push(run{low[:n], -0.18})
				s = low[n:]
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(s)
		if sh, ok := shifted[r]; ok {
			push(sh)
		} else {
			push(run{s[:size], 0})
		}
		s = s[size:]
	}
	return out
}

// Regular and Bold are Liberation Sans, whose widths are those of Arial and Helvetica. Its two faces alone: gonum's font/liberation would
// bring ten more into every cell that is linked, and parse them as it starts.
var (
	Regular = face(regularTTF, font.WeightNormal)
	Bold    = face(boldTTF, font.WeightBold)
)

func face(ttf []byte, weight font.Weight) vgfont.Face {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return vgfont.Face{Font: vgfont.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight}, Face: parsed}
}

// Sized is a face in a size in CSS pixels.
func Sized(f vgfont.Face, size float64) vgfont.Face {
	f.Font.Size = vg.Length(size)
	return f
}

// nabla is not in the font; it is drawn as its Δ upside down.
const nabla, delta = "∇", "∆"

// A memo keeps what was computed of texts. A picture needs it of each of its texts several times, and the next picture of a live cell has
// most of them again.
type memo[K comparable, V any] struct {
	sync.Mutex
	of map[K]V
}

const mostKept = 4096 // and then all is forgotten

func (m *memo[K, V]) get(key K, compute func() V) V {
	m.Lock()
	defer m.Unlock()
	v, is := m.of[key]
	if !is {
		if v = compute(); m.of == nil || len(m.of) >= mostKept {
			m.of = map[K]V{}
		}
		m.of[key] = v
	}
	return v
}

type measured struct {
	face *opentype.Font
	size vg.Length
	text string
}

var widths memo[measured, float64]

// Width is how wide a line of text is.
func Width(f vgfont.Face, s string) float64 {
	return widths.get(measured{f.Face, f.Font.Size, s}, func() float64 {
		var w vg.Length
		for _, r := range runs(s) {
			rf := runFace(f, r)
			w += rf.Width(strings.ReplaceAll(r.text, nabla, delta))
		}
		return float64(w)
	})
}

func runFace(f vgfont.Face, r run) vgfont.Face {
	if r.rise != 0 {
		f.Font.Size *= small
	}
	return f
}

var lacking memo[string, rune] // −1 if nothing

// Lacks is the first letter of a text that the font does not have.
func Lacks(s string) (letter rune, yes bool) {
	letter = lacking.get(s, func() rune {
		for _, r := range runs(s) {
			for _, letter := range strings.ReplaceAll(r.text, nabla, delta) {
				if i, err := Regular.Face.GlyphIndex(nil, letter); err != nil || i == 0 {
					return letter
				}
			}
		}
		return -1
	})
	return letter, letter >= 0
}

// checkLine finds what no line of text can have. It looks at the length first: the rest takes the square of it.
func checkLine(f vgfont.Face, s string) error {
	const most = 1000
	if n := utf8.RuneCountInString(s); n > most {
		return fmt.Errorf("a line of %d letters is too long to draw; the most are %d", n, most)
	}
	if size := float64(f.Font.Size); f.Face == nil || !(size > 0 && size <= widest) {
		return fmt.Errorf("the text %q needs a font, in a size above 0 and up to %d pixels", s, widest)
	}
	if letter, yes := Lacks(s); yes {
		return fmt.Errorf("the font has no %q (%U) for the text %q; write it in another way", letter, letter, s)
	}
	return nil
}

// unbroken keeps together what no line should break: an equation, a number and
// its uncertainty, a word and the number with a sign after it (but not a
// difference).
var unbroken = strings.NewReplacer(" = ", "\x00=\x00", " ± ", "\x00±\x00", " − ", " − ", " −", "\x00−")

// Wrap breaks s at spaces so that no line is wider than limit, if a word allows it.
func Wrap(f vgfont.Face, s string, limit float64) []string {
	var lines []string
	for _, word := range strings.Fields(unbroken.Replace(s)) {
		word = strings.ReplaceAll(word, "\x00", " ")
		if n := len(lines); n > 0 && Width(f, lines[n-1]+" "+word) <= limit {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
