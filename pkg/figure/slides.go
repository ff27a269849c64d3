package figure

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent.example/internal/live"
	"descent.example/pkg/figure/internal/ink"
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
//
// A step that leads nowhere gives no values, and more than a slider can have are
// not made: Slide says what is wrong.
func Every(lo, hi, step float64) []float64 {
	if !(step > 0) {
		return nil
	}
	var values []float64
	for i := 0; lo+float64(i)*step <= hi+step/1e6 && i <= mostSlides; i++ {
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

// Slide draws a picture, and a sentence to stand below it, for each combination
// of the sliders' values, at most 1,000. As in Animate, what draw returns must
// have the same panels each time, and axes without a Range get the limits that
// hold all pictures. The first mistake is kept and returned by SVG, PNG and HTML.
func Slide(draw func(values []float64) (*Figure, string), sliders ...Slider) *Slides {
	s := &Slides{}
	count := 1
	for _, slider := range sliders {
		switch {
		case slider.Name == "":
			s.fail(fmt.Errorf("figure: a slider has no name"))
		case len(slider.Values) == 0:
			s.fail(fmt.Errorf("figure: the slider %q has no values; give it some, such as figure.Every(0, 1, 0.1), whose step is above 0", slider.Name))
		}
		s.fail(cmp.Or(checkLetters(slider.Name), atMost(mostSlides, len(slider.Values), "values of a slider")))
		if s.err != nil {
			return s
		}
		slider.Values = slices.Clone(slider.Values)
		if live.Process { // which draws each setting of the cell's parameters when it is asked for
			slider.Values = []float64{slider.Start}
		}
		if i, found := slices.BinarySearch(slider.Values, slider.Start); !found {
			slider.Values = slices.Insert(slider.Values, i, slider.Start)
		}
		for i, v := range slider.Values {
			if !finite(v) || i > 0 && v <= slider.Values[i-1] {
				s.fail(fmt.Errorf("figure: the values of the slider %q must be finite and ascend; value %d is %v", slider.Name, i+1, v))
			}
		}
		s.sliders = append(s.sliders, slider)
		s.starts = append(s.starts, slices.Index(slider.Values, slider.Start))
		if count *= len(slider.Values); count > mostSlides {
			s.fail(fmt.Errorf("figure: the sliders have %d combinations of values; at most %d can be drawn", count, mostSlides))
		}
	}
	switch {
	case len(sliders) == 0:
		s.fail(fmt.Errorf("figure: slides need at least one slider"))
	case draw == nil:
		s.fail(fmt.Errorf("figure: slides need a function that draws them; it is nil"))
	}
	total := 0
	for i := 0; i < count && s.err == nil; i++ {
		values := s.at(i)
		var f *Figure
		var words string
		if s.err = call("the picture at "+s.place(values), func() { f, words = draw(values) }); s.err != nil {
			break
		}
		switch {
		case f == nil:
			s.err = fmt.Errorf("figure: the picture at %s is nil", s.place(values))
		case f.err != nil:
			s.err = fmt.Errorf("at %s: %w", s.place(values), f.err)
		case i > 0 && !f.samePanels(s.frames[0]):
			s.err = fmt.Errorf("figure: the picture at %s has other panels than the first", s.place(values))
		default:
			total += f.values
			s.err = cmp.Or(checkWords(words), atMost(mostMoving, total, "values of all pictures"))
		}
		s.frames, s.words = append(s.frames, f), append(s.words, ink.Minus(words))
	}
	return s
}

func (s *Slides) fail(err error) {
	if s.err == nil {
		s.err = err
	}
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
	if err := s.mistake(); err != nil {
		return &Figure{err: err}
	}
	return s.frames[s.still()]
}

// mistake is the first one of Slide, or that it did not make s.
func (s *Slides) mistake() error {
	switch {
	case s == nil:
		return errNil
	case len(s.frames) == 0 && s.err == nil:
		return errors.New("figure: the slides have no pictures; figure.Slide makes some")
	}
	return s.err
}

// SVG returns the still. The error is the first mistake of Slide, or what Figure.SVG returns for the still.
func (s *Slides) SVG() ([]byte, error) { return s.stillFigure().SVG() }

// Drawing returns the still's, as Figure.Drawing does, with the errors of SVG.
func (s *Slides) Drawing(numbers bool) (live.Drawing, error) { return s.stillFigure().Drawing(numbers) }

// PNG returns the still; its errors are those of SVG.
func (s *Slides) PNG() ([]byte, error) { return s.stillFigure().PNG() }

// CSV returns the numbers of the still, with the errors of SVG.
func (s *Slides) CSV() ([]byte, error) { return s.stillFigure().CSV() }

// Size returns the width and height of the still, as Figure.Size does.
func (s *Slides) Size() (width, height int) { return s.stillFigure().Size() }

// Alt returns the text alternative of the still.
func (s *Slides) Alt() string {
	if s.mistake() != nil {
		return "Slides"
	}
	return s.stillFigure().Alt()
}

// Words is the sentence that belongs to the still.
func (s *Slides) Words() string {
	if s.mistake() != nil {
		return ""
	}
	return s.words[s.still()]
}

// Instead is the text shown where scripts do not run: Words, and what is missing.
func (s *Slides) Instead() string {
	if s.mistake() != nil {
		return ""
	}
	var names []string
	for _, slider := range s.sliders {
		names = append(names, slider.Name)
	}
	sliders := "the slider"
	if len(names) > 1 {
		sliders += "s"
	}
	return strings.TrimSpace(fmt.Sprintf("%s To move %s (%s), %s", s.Words(), sliders, strings.Join(names, "; "), trust))
}

// trust says how to make scripts run.
const trust = `run the cell or trust the notebook: choose "Trust Notebook" in JupyterLab's command palette (Ctrl+Shift+C).`

// HTML returns an element of a page with the sliders and all pictures in it.
// Where it lies in the output after the still, it takes the still's place. The
// same slides give the same bytes. The error is the first mistake of Slide, or what Figure.SVG returns for one of the pictures.
// Pictures that are too large for a page together are an error too.
func (s *Slides) HTML() ([]byte, error) {
	if err := s.mistake(); err != nil {
		return nil, err
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
	total := 0
	for i, l := range layouts {
		svg, err := ink.SVG(l.w, l.h, frames[i].heading(), p.Words[i], l.draw)
		if err != nil {
			return nil, inFrame(i, err)
		}
		if total += len(svg); total > mostPage {
			return nil, fmt.Errorf("figure: %d pictures would take more than %d MB; draw fewer of them, or fewer points in each", len(layouts), mostPage>>20)
		}
		p.Frames = append(p.Frames, string(svg))
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
		id, ink.Escape(instead), strings.TrimSpace(script), id, base64.StdEncoding.EncodeToString(zipped.Bytes())), nil
}
