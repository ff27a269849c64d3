package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// Heat draws a table of numbers as shaded cells, the losses of each width and
// optimizer for example, and explains the shades in a color bar with the given
// label: z[i][j] stands in row i and column j, the categories of the vertical
// and the horizontal axis. The shades are logarithmic where all numbers are
// positive and span more than a factor 30. Tables of the same label in a Row
// share them. A number that is not finite is a gray cell that says "diverged".
// It is an error if an axis has no categories or z has another shape.
func (f *Figure) Heat(label string, z Numbers) *Figure {
	h := &heat{values: &values{name: label, group: ground}}
	h.z, h.err = tableOf(z)
	if h.err != nil {
		h.err = fmt.Errorf("figure: heat map of %q: %w", label, h.err)
	}
	f = f.made()
	before, second := f.ground()
	if f.add(h); second {
		f.fail(fmt.Errorf("figure: heat map of %q: the panel already has that of %q", label, before))
	}
	return f
}

// heat is a table of numbers as shaded cells.
type heat struct {
	*values
	z [][]float64
}

func (h *heat) Check(x, y Axis) error {
	switch rows := len(y.names); {
	case h.err != nil:
		return h.err
	case h.name == "":
		return fmt.Errorf("figure: the heat map has no label; say what its numbers are, as in \"loss L(θ)\"")
	case rows == 0 || len(x.names) == 0:
		return fmt.Errorf("figure: heat map of %q needs two axes with Categories", h.name)
	case len(h.z) != rows:
		return fmt.Errorf("figure: heat map of %q: %d rows but %d categories of %q", h.name, len(h.z), rows, y.label)
	}
	for i, row := range h.z {
		if len(row) != len(x.names) {
			return fmt.Errorf("figure: heat map of %q: row %d has %d numbers, the axis %q has %d categories",
				h.name, i, len(row), x.label, len(x.names))
		}
	}
	return nil
}

// shades maps the numbers of heat maps of one label to colors.
type shades struct{ scale }

// shadesOf settles the shades of every label.
func shadesOf(figures []*Figure) map[string]shades {
	all := map[string][]float64{}
	for m := range marksOf(figures) {
		h, ok := m.(*heat)
		if !ok {
			continue
		}
		for _, v := range slices.Concat(h.z...) {
			if finite(v) {
				all[h.name] = append(all[h.name], v)
			}
		}
	}
	out := map[string]shades{}
	for label, v := range all {
		s := scale{lo: slices.Min(v), hi: slices.Max(v)}
		s.log = s.lo >= tiny && s.hi/30 > s.lo
		if s.lo == s.hi {
			s = s.pad(0)
		}
		out[label] = shades{s}
	}
	return out
}

// sequence is a sequential scale of one hue, lighter to darker by equal steps of lightness to the eye: it tells high
// from low without color and to color-blind readers (Brewer's Blues, 2003).
var sequence = []color.NRGBA{
	{0xf2, 0xf7, 0xfc, 0xff}, {0xc6, 0xdb, 0xef, 0xff}, {0x9e, 0xca, 0xe1, 0xff}, {0x6b, 0xae, 0xd6, 0xff},
	{0x42, 0x92, 0xc6, 0xff}, {0x21, 0x71, 0xb5, 0xff}, {0x08, 0x51, 0x9c, 0xff}, {0x08, 0x30, 0x6b, 0xff},
}

var lost = color.NRGBA{0xd0, 0xd0, 0xd0, 0xff} // a cell without a number

func blend(t float64) color.NRGBA {
	at := min(max(t, 0), 1) * float64(len(sequence)-1)
	i := min(int(at), len(sequence)-2)
	a, b := sequence[i], sequence[i+1]
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (at-float64(i))*(float64(b)-float64(a)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// inkOn is the color of letters on a background: black or white, whichever has
// the greater contrast, which is 4.5 at least.
func inkOn(clr color.NRGBA) color.NRGBA {
	if luminance(clr) < 0.179 {
		return ink.White
	}
	return color.NRGBA{A: 0xff}
}

// luminance is that of WCAG 2: contrast is (bright + 0.05)/(dark + 0.05).
func luminance(clr color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		if c := float64(v) / 255; c > 0.04045 {
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	return 0.2126*linear(clr.R) + 0.7152*linear(clr.G) + 0.0722*linear(clr.B)
}

// settle gives the cells the shades that they share with those of other panels.
func (h *heat) settle(p *Panel, common *common) (colored, error) {
	p.ratio = min(max(0.5*float64(len(p.y.names))/float64(len(p.x.names)), 0.3), 0.85) // cells twice as wide as high
	return &shaded{h, common.shades[h.name]}, nil
}

// shaded is a heat map in its panel.
type shaded struct {
	*heat
	shades
}

// Draw draws the cells and, where they are large enough, their numbers;
// where not, a cross is a cell that has none.
func (h *shaded) Draw(c Pen, p *Panel) {
	rows, cols := len(p.y.names), len(p.x.names)
	wide := p.width() / float64(cols)
	high := p.height() / float64(rows)
	digits, size := h.letters(wide-10, high-6)
	for i, row := range h.z {
		for j, v := range row {
			low := p.place(At(float64(j)/float64(cols), 1-float64(i+1)/float64(rows)))
			clr := lost
			if finite(v) {
				clr = blend(h.norm(v))
			}
			c.Box(clr, Rect{Min: low, Max: At(low.X+wide, low.Y+high)})
			mid := At(low.X+wide/2, low.Y+high/2)
			switch {
			case size > 0:
				mid.Y -= size * 0.35
				c.Colored(inkOn(clr), cellText(v, digits), mid, ink.Sized(ink.Regular, size), ink.Center)
			case !finite(v):
				c.Cross(Style{Color: ink.Dark}, mid, min(5.5, wide/3, high/3))
			}
		}
	}
	for i := 1; i < rows; i++ {
		u := float64(i) / float64(rows)
		c.Stroke(Style{Color: ink.White, Width: 1.5}, p.place(At(0, u)), p.place(At(1, u)))
	}
	for j := 1; j < cols; j++ {
		u := float64(j) / float64(cols)
		c.Stroke(Style{Color: ink.White, Width: 1.5}, p.place(At(u, 0)), p.place(At(u, 1)))
	}
}

// letters chooses how many digits the numbers have and how large they are, so
// that all fit; 0 where they cannot, as none is smaller than 8 pt.
func (h *heat) letters(wide, high float64) (digits int, size float64) {
	for digits = 3; digits >= 1; digits-- {
		for size = tickSize; size >= smallest; size-- {
			fits := size <= high
			for _, row := range h.z {
				for _, v := range row {
					fits = fits && ink.Width(ink.Sized(ink.Regular, size), cellText(v, digits)) <= wide
				}
			}
			if fits {
				return digits, size
			}
		}
	}
	return 0, 0
}

func cellText(v float64, digits int) string {
	if !finite(v) {
		return "diverged"
	}
	s := strconv.FormatFloat(v, 'g', digits, 64)
	if m, e, ok := strings.Cut(s, "e"); ok {
		n, _ := strconv.Atoi(e)
		if n >= 0 && n <= 4 {
			s = strconv.FormatFloat(v, 'f', 0, 64)
		} else if s = m + "·10" + raised(n); m == "1" {
			s = "10" + raised(n)
		}
	}
	return strings.ReplaceAll(s, "-", "−")
}

// barRoom is what the color bar takes beside the frame; one number needs none.
func (h *shaded) barRoom() float64 {
	if h.lo == h.hi {
		return 0
	}
	var labels []string
	for _, t := range h.ticks() {
		labels = append(labels, t.label)
	}
	return barGap + barWidth + 7 + widest(labels) + 6 + labelSize*leading
}

// sameBar says whether another color bar explains the same shades.
func (h *shaded) sameBar(o colored) bool {
	g, ok := o.(*shaded)
	return ok && g.name == h.name
}

func (h *shaded) drawBar(c Pen, p *Panel) {
	f := p.frame
	x := f.Max.X + barGap
	const steps = 96
	for i := range steps { // each up to the top, so that no seam shows
		y := f.Min.Y + (f.Max.Y-f.Min.Y)*float64(i)/steps
		c.Box(blend((float64(i)+0.5)/steps), Rect{Min: At(x, y), Max: At(x+barWidth, f.Max.Y)})
	}
	rim := Style{Color: ink.Gray, Width: 1}
	c.Outline(rim, Rect{Min: At(x, f.Min.Y), Max: At(x+barWidth, f.Max.Y)})
	for _, t := range h.ticks() {
		y := p.place(At(0, h.norm(t.at))).Y
		if t.label != "" {
			c.Stroke(rim, At(x+barWidth, y), At(x+barWidth+4, y))
			c.Text(t.label, At(x+barWidth+7, y-tickSize*0.35), ink.Sized(ink.Regular, tickSize), ink.Left)
		}
	}
	size, _ := p.labelSize(h.name, true)
	c.Text(h.name, At(f.Max.X+p.right-4, (f.Min.Y+f.Max.Y)/2), ink.Sized(ink.Regular, size), ink.Upright)
}

func (h *shaded) Describe(p *Panel) string {
	var rows []string
	for i, row := range h.z {
		var cells []string
		for j, v := range row {
			text := "diverged"
			if finite(v) {
				text = number(v)
			}
			cells = append(cells, p.x.names[j]+" "+text)
		}
		rows = append(rows, p.y.names[i]+": "+strings.Join(cells, ", "))
	}
	return "Table of " + h.name + ". " + strings.Join(rows, ". ")
}
