package figure

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"descent.example/pkg/figure/internal/ink"
)

// Mark is something that a panel shows: a curve, a set of points, a band. Every mark of this package is one, in a file of
// its own. One of another kind is a type with these methods, which Add adds to a figure; nothing else needs to know of it.
// Where one of them panics, or draws what cannot be drawn (a point that is not finite, a text of a thousand letters), SVG
// and PNG return an error that names the mark.
//
// A mark with a method Layer() int is drawn in that layer, any other in that of Points.
type Mark interface {
	// Name is what the legend calls the mark. Marks of one name share their color and their entry.
	Name() string
	// Check returns the mark's first mistake, such as a value that the axes cannot show. It is called before all others.
	Check(x, y Axis) error
	// Extent includes every point that must lie in the frame if the axes have no Range. NaN includes nothing. It is called
	// once, by Add.
	Extent(include func(x, y float64))
	// Draw draws the mark. The pen does not stop at the border of the frame.
	Draw(pen Pen, p *Panel)
	// Legend sets what explains the mark in its entry. One without a sign is not shown.
	Legend(p *Panel, e *Entry)
	// Describe says in words what the mark shows, without a full stop: its sentence in the text alternative.
	Describe(p *Panel) string
}

// The layers of a panel from the ground up. Marks may also lie between two of them.
const (
	Areas  = 10 // bands and histograms
	Rules  = 20 // vertical and horizontal lines
	Curves = 30
	Paths  = 40
	Signs  = 50 // points and intervals
	Darts  = 60 // arrows
	ends   = 70 // how runs end
	top    = 80 // stars
)

// Point is a place in CSS pixels, its field Y upward.
type Point = ink.Point

// At is the point (x, y).
func At(x, y float64) Point { return ink.At(x, y) }

// Rect is a rectangle of the corners Min and Max.
type Rect = ink.Rect

// Style is how a mark looks: the fields Color, Dashes and Width of its lines, and its marker.
type Style = ink.Style

// Pen draws: Stroke, Fill, Box, Marker, Cross, Text and others, in CSS pixels.
type Pen = ink.Pen

// Add adds marks of other packages. The first mistake that a Check finds is kept.
func (f *Figure) Add(marks ...Mark) *Figure {
	f = f.made()
	for _, m := range marks {
		switch own, ok := m.(mark); {
		case m == nil:
			f.fail(errors.New("figure: a mark is nil"))
		case ok:
			f.add(own)
		default:
			f.add(&foreign{values: &values{kind: "mark", layer: Signs, dots: true}, Mark: m})
		}
	}
	return f
}

// mark is what a panel asks of a mark besides. values has answers for those that need no other.
type mark interface {
	Mark
	base() *values
	// around is what of the mark the frame of a plane must hold, and by how much more.
	around() (pts []Point, room float64)
	// center is the middle of the plane, as far as the mark says it.
	center() (at Point, ok bool)
	// obstacles are lines that no words should cover.
	obstacles(p *Panel) [][]Point
	// drawEnd draws what lies above all marks but stars.
	drawEnd(c Pen, p *Panel)
	// settle is what a ground is in a panel whose scales are known.
	settle(p *Panel, shared *common) (colored, error)
}

// The groups of marks in words and legends.
const (
	ground = iota - 1 // what lies under all others, at most one in a panel
	data              // what has a color by its name
	rules
	stars
)

// foreign is a mark of another package; its values are its extent.
type foreign struct {
	*values
	Mark
}

func (m *foreign) Name() string { return m.name }

// Check asks the mark once for what may not change: its name, its layer and its extent.
func (m *foreign) Check(x, y Axis) error {
	if v := reflect.ValueOf(m.Mark); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("figure: a mark is a nil %T", m.Mark)
	}
	var mistake error
	err := call(fmt.Sprintf("a %T", m.Mark), func() {
		if m.name = m.Mark.Name(); strings.TrimSpace(m.name) == "" {
			mistake = fmt.Errorf("figure: a %T has no name; the legend needs one", m.Mark)
			return
		}
		if l, ok := m.Mark.(interface{ Layer() int }); ok {
			m.layer = l.Layer()
		}
		if mistake = m.Mark.Check(x, y); mistake == nil {
			m.Mark.Extent(m.include)
		}
	})
	m.n = len(m.xs)
	return cmp.Or(err, mistake)
}

// include keeps as many points as it takes for add to say that they are too many.
func (m *foreign) include(x, y float64) {
	if len(m.xs) <= mostValues {
		m.xs, m.ys = append(m.xs, x), append(m.ys, y)
	}
}

func (m *foreign) Extent(include func(x, y float64)) {
	for i := range m.xs {
		include(m.xs[i], m.ys[i])
	}
}

func (m *foreign) Draw(c Pen, p *Panel) {
	c = ink.Named(c, m.what())
	ink.Fail(c, m.call(func() { m.Mark.Draw(c, p) }))
}

// Legend leaves the entry as it was where the mark makes a mistake, which the panel keeps.
func (m *foreign) Legend(p *Panel, e *Entry) {
	before := *e
	err := m.call(func() { m.Mark.Legend(p, e) })
	if err == nil && e.Text != before.Text {
		err = checkText(e.Text)
	}
	if style := ink.CheckStyle(e.Style); err == nil && style != nil {
		err = fmt.Errorf("%s: %w", m.what(), style)
	}
	if err != nil {
		*e = before
		p.fail(err)
	}
}

func (m *foreign) Describe(p *Panel) (words string) {
	err := m.call(func() { words = m.Mark.Describe(p) })
	if err = cmp.Or(err, checkWords(words)); err != nil {
		p.fail(err)
		return ""
	}
	return words
}

// call is that of limits.go, for the mark.
func (m *foreign) call(fn func()) error { return call(fmt.Sprintf("mark %q", m.name), fn) }

// around is the extent.
func (m *foreign) around() ([]Point, float64) { return m.places(), 1.15 }

// beside is by how much the marks of one type are moved to stand side by side.
func beside[M mark](p *Panel, m M, apart float64) float64 {
	k, n := 0, 0
	for _, o := range p.marks {
		if o.base() == m.base() {
			k = n
		}
		if _, ok := o.(M); ok {
			n++
		}
	}
	return (float64(k) - float64(n-1)/2) * apart
}
