package figure

import (
	"cmp"
	"fmt"
	"strings"

	"descent.example/internal/live"
	"descent.example/pkg/figure/internal/ink"
)

// SVG returns the picture as an SVG document that scales with the page and
// carries Alt. The same figure gives the same bytes. The error is the first mistake in what was added to the figure. It is also
// an error when the font cannot write a text, when a label is too long for its axis, when the data do not say how far the axes
// go, or when the picture would be too large.
func (f *Figure) SVG() ([]byte, error) {
	d, err := f.Drawing(false)
	return d.SVG, err
}

// Drawing is SVG with all that a page needs beside it, the numbers of CSV among it if they are asked for, in the time of one of them. Its
// errors are those of SVG.
func (f *Figure) Drawing(numbers bool) (live.Drawing, error) {
	defer f.begin()()
	l, err := f.layout()
	if err != nil {
		return live.Drawing{}, err
	}
	d := live.Drawing{Alt: f.alternative(l), Width: l.w, Height: l.h, Handles: f.handled(l)}
	if numbers {
		if d.CSV, err = l.csv(); err != nil {
			return live.Drawing{}, err
		}
	}
	d.SVG, err = ink.SVG(l.w, l.h, f.heading(), d.Alt, l.draw)
	return d, err
}

// PNG returns the same drawing as an image of twice as many dots as Size, which
// it asks to be shown in that size. The same figure gives the same bytes, and the errors are those of SVG.
func (f *Figure) PNG() ([]byte, error) {
	defer f.begin()()
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return ink.PNG(l.w, l.h, l.draw)
}

// Size returns the width and height in CSS pixels, or zeros where SVG and PNG
// return an error.
func (f *Figure) Size() (width, height int) {
	defer f.begin()()
	l, err := f.layout()
	if err != nil {
		return 0, 0
	}
	return l.w, l.h
}

// Alt returns the text alternative: that of Describe, or else the title, the
// axes with their limits, and every series with where it begins and ends.
func (f *Figure) Alt() string {
	defer f.begin()()
	l, err := f.layout()
	switch {
	case f == nil:
		return "no figure"
	case err != nil && f.alt == "":
		return cmp.Or(f.heading(), "figure")
	}
	return f.alternative(l)
}

func (f *Figure) alternative(l *layout) string {
	if f.alt != "" {
		return ink.Minus(f.alt)
	}
	return ink.Minus(l.describe())
}

func (l *layout) describe() string {
	var parts []string
	for i, p := range l.panels {
		s := p.words
		if len(l.panels) > 1 {
			s = fmt.Sprintf("Panel %d: %s", i+1, s)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func (f *Figure) heading() string {
	if f.panels == nil {
		return f.title
	}
	var names []string
	for _, p := range f.panels {
		if p != nil {
			names = append(names, p.title)
		}
	}
	return strings.Join(names, "; ")
}

func (p *Panel) describe() string {
	axis := func(side string, a Axis, s scale) string {
		if a.names != nil {
			return fmt.Sprintf("%s axis: %s, with %s.", side, a.label, strings.Join(a.names, ", "))
		}
		log := ""
		if a.log {
			log = ", logarithmic"
		}
		return fmt.Sprintf("%s axis: %s%s, from %s to %s.", side, a.label, log, number(s.lo), number(s.hi))
	}
	out := []string{p.title + ".", axis("Horizontal", p.x, p.sx), axis("Vertical", p.y, p.sy)}
	for _, m := range p.marks {
		if s := m.Describe(p); s != "" {
			out = append(out, s+".")
		}
	}
	return strings.Join(out, " ")
}
