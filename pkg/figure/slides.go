package figure

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Slider is a number that a reader drags through Values, in ascending order.
// Start, which is added to them if they lack it, is where it stands at first.
type Slider struct {
	Name   string
	Values []float64
	Start  float64
}

// Every is lo, lo + step, … up to hi, as a slider's values, to 12 digits:
// among 0, 0.1, … is 0.3, not 0.30000000000000004.
func Every(lo, hi, step float64) []float64 {
	var values []float64
	for i := 0; lo+float64(i)*step <= hi+step/1e6; i++ {
		value, _ := strconv.ParseFloat(strconv.FormatFloat(lo+float64(i)*step, 'g', 12, 64), 64)
		values = append(values, value)
	}
	return values
}

// Slides is a picture that answers to sliders, made by Slide. All its pictures
// are drawn beforehand and kept with the notebook: a page in a browser changes
// them at once, without a kernel, and after the notebook is closed or exported.
// Where no script runs it is its still, the picture with each slider at its Start.
type Slides struct {
	sliders []Slider
	starts  []int // index of Start
	frames  []*Figure
	words   []string
	err     error
}

// mostSlides keeps a page of them below some 10 MB in a browser.
const mostSlides = 1000

// Slide draws a picture, and a sentence to stand below it, for each combination
// of the sliders' values, at most 1,000. As in Animate, what draw returns must
// have the same panels each time, and axes without a Range get the limits that
// hold all pictures. The first mistake is kept and returned by SVG, PNG and HTML.
func Slide(draw func(values []float64) (*Figure, string), sliders ...Slider) *Slides {
	s := &Slides{}
	count := 1
	for _, slider := range sliders {
		slider.Values = slices.Clone(slider.Values)
		if i, found := slices.BinarySearch(slider.Values, slider.Start); !found {
			slider.Values = slices.Insert(slider.Values, i, slider.Start)
		}
		for i, v := range slider.Values {
			if !finite(v) || i > 0 && v <= slider.Values[i-1] {
				s.err = fmt.Errorf("figure: the values of the slider %q must be finite and ascend; value %d is %v", slider.Name, i+1, v)
			}
		}
		if slider.Name == "" {
			s.err = fmt.Errorf("figure: a slider has no name")
		}
		s.sliders = append(s.sliders, slider)
		s.starts = append(s.starts, slices.Index(slider.Values, slider.Start))
		count *= len(slider.Values)
	}
	switch {
	case len(sliders) == 0:
		s.err = fmt.Errorf("figure: slides need at least one slider")
	case count > mostSlides:
		s.err = fmt.Errorf("figure: the sliders have %d combinations of values; at most %d can be drawn", count, mostSlides)
	case draw == nil:
		s.err = fmt.Errorf("figure: slides need a function that draws them; it is nil")
	}
	for i := 0; i < count && s.err == nil; i++ {
		values := s.at(i)
		f, words := draw(values)
		switch {
		case f == nil:
			s.err = fmt.Errorf("figure: the picture at %s is nil", s.place(values))
		case f.err != nil:
			s.err = fmt.Errorf("at %s: %w", s.place(values), f.err)
		case i > 0 && !f.samePanels(s.frames[0]):
			s.err = fmt.Errorf("figure: the picture at %s has other panels than the first", s.place(values))
		}
		s.frames, s.words = append(s.frames, f), append(s.words, words)
	}
	return s
}

// at are the values of the i-th combination; the last slider moves first.
func (s *Slides) at(i int) []float64 {
	values := make([]float64, len(s.sliders))
	for k, slider := range slices.Backward(s.sliders) {
		values[k] = slider.Values[i%len(slider.Values)]
		i /= len(slider.Values)
	}
	return values
}

// place names values, as in "w = 1, b = 0".
func (s *Slides) place(values []float64) string {
	var parts []string
	for k, v := range values {
		parts = append(parts, s.sliders[k].Name+" = "+number(v))
	}
	return strings.Join(parts, ", ")
}

// still is the index of the picture at the sliders' starts.
func (s *Slides) still() int {
	i := 0
	for k, slider := range s.sliders {
		i = i*len(slider.Values) + s.starts[k]
	}
	return i
}

func (s *Slides) stillFigure() *Figure {
	if s.err != nil {
		return &Figure{err: s.err}
	}
	return s.frames[s.still()]
}

// SVG returns the still.
func (s *Slides) SVG() ([]byte, error) { return s.stillFigure().SVG() }

// PNG returns the still.
func (s *Slides) PNG() ([]byte, error) { return s.stillFigure().PNG() }

// Size returns the width and height of the still, as Figure.Size does.
func (s *Slides) Size() (width, height int) { return s.stillFigure().Size() }

// Alt returns the text alternative of the still.
func (s *Slides) Alt() string {
	if s.err != nil {
		return "Slides"
	}
	return s.stillFigure().Alt()
}

// Instead is for where no script runs: the sentence that belongs to the still,
// and what is missing.
func (s *Slides) Instead() string {
	if s.err != nil {
		return ""
	}
	var names []string
	for _, slider := range s.sliders {
		names = append(names, slider.Name)
	}
	missing := fmt.Sprintf("To drag %s, run the cell, or trust the notebook.", strings.Join(names, ", "))
	return strings.TrimSpace(s.words[s.still()] + " " + missing)
}

// HTML returns an element of a page with the sliders and all pictures in it.
// Where it lies in the output after the still, it takes the still's place. The
// same slides give the same bytes.
func (s *Slides) HTML() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	layouts, err := layoutsOf(s.frames, s.still())
	if err != nil {
		return nil, err
	}
	p := page{Words: s.words}
	for k, of := range s.sliders {
		shown := slider{Name: of.Name, Start: s.starts[k]}
		for _, v := range of.Values {
			shown.Values = append(shown.Values, number(math.Round(v*1e9)/1e9))
		}
		p.Sliders = append(p.Sliders, shown)
	}
	return p.html(s.frames, layouts, s.Instead())
}

// page is what the script reads.
type page struct {
	Sliders []slider `json:"sliders"`
	Frames  []string `json:"frames"` // SVG
	Words   []string `json:"words"`
	Width   int      `json:"width"`
	Height  int      `json:"height"`
	Moves   bool     `json:"moves"` // the still does: it stays until a slider is dragged
}

type slider struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
	Start  int      `json:"start"`
}

//go:embed slides.js
var script string

// html draws the frames and packs them with the script that shows them.
func (p page) html(frames []*Figure, layouts []*layout, instead string) ([]byte, error) {
	p.Width, p.Height = layouts[0].w, layouts[0].h
	for i, l := range layouts {
		c := newSVG(l.w, l.h, frames[i].heading(), p.Words[i])
		l.draw(pen{c: c})
		p.Frames = append(p.Frames, string(c.bytes()))
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	to := json.NewEncoder(w)
	to.SetEscapeHTML(false)
	if err := to.Encode(p); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	id := fmt.Sprintf("%x", sha256.Sum256(zipped.Bytes()))[:16]
	return fmt.Appendf(nil, "<div data-slides=\"%s\"><p>%s</p></div>\n<script>\n%s(\"%s\", \"%s\");\n</script>\n",
		id, html.EscapeString(instead), strings.TrimSpace(script), id, base64.StdEncoding.EncodeToString(zipped.Bytes())), nil
}
