package figure

import (
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Mark is something that a panel shows: a curve, a set of points, a band. Every mark of this package is one, in a file of
// its own. One of another kind is a type with these methods, which Add adds to a figure; nothing else needs to know of it.
//
// A mark with a method Layer() int is drawn in that layer, any other in that of Points.
type Mark interface {
	// Name is what the legend calls the mark. Marks of one name share their color and their entry.
	Name() string
	// Check returns the mark's first mistake, such as a value that the axes cannot show. It is called before all others.
	Check(x, y Axis) error
	// Extent includes every point that must lie in the frame if the axes have no Range. NaN includes nothing.
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

// Add adds marks, those of other packages too. The first mistake that a Check finds is kept.
func (f *Figure) Add(marks ...Mark) *Figure {
	f = f.made()
	for _, m := range marks {
		f.add(m)
	}
	return f
}

// What follows are methods that only some marks have.

// layerOf is where a mark is drawn.
func layerOf(m Mark) int {
	if l, ok := m.(interface{ Layer() int }); ok {
		return l.Layer()
	}
	return Signs
}

// The groups of marks in words and legends.
const (
	ground = iota // what lies under all others, at most one in a panel
	data          // what has a color by its name
	rules
	stars
)

func groupOf(m Mark) int {
	if g, ok := m.(interface{ group() int }); ok {
		return g.group()
	}
	return data
}

// sizeOf is how many values a mark draws, and how many curves or sets of points.
func sizeOf(m Mark) (values, curves int) {
	if s, ok := m.(interface{ size() (values, curves int) }); ok {
		return s.size()
	}
	if groupOf(m) != data {
		return 0, 0
	}
	m.Extent(func(_, _ float64) { values++ })
	return values, 1
}

// valuesOf are the values of a mark that is made of them, or nil.
func valuesOf(m Mark) *values {
	if v, ok := m.(interface{ base() *values }); ok {
		return v.base()
	}
	return nil
}

// runsOf are what a mark has of runs, which can diverge or leave the frame.
func runsOf(m Mark) []*values {
	if b, ok := m.(interface{ runs() []*values }); ok {
		return b.runs()
	}
	if v := valuesOf(m); v != nil && v.run {
		return []*values{v}
	}
	return nil
}

// inPlane says whether a mark makes its panel a plane of two parameters rather than a function over an axis.
func inPlane(m Mark) bool {
	if g, ok := m.(interface{ inPlane() bool }); ok {
		return g.inPlane()
	}
	v := valuesOf(m)
	return v != nil && v.plane
}

// around is what of a mark the frame of a plane must hold, and by how much more; and whether its middle is that of the frame
// where no optimum and no path is.
func around(m Mark) (pts []Point, room float64, central bool) {
	if a, ok := m.(interface {
		around() ([]Point, float64, bool)
	}); ok {
		return a.around()
	}
	if valuesOf(m) != nil || groupOf(m) != data || runsOf(m) != nil {
		return nil, 0, false
	}
	m.Extent(func(x, y float64) { pts = append(pts, At(x, y)) })
	return pts, 1.15, true
}

// obstacles are lines that no words should cover.
func obstacles(m Mark, p *Panel) [][]Point {
	if o, ok := m.(interface{ obstacles(p *Panel) [][]Point }); ok {
		return o.obstacles(p)
	}
	var out [][]Point
	m.Extent(func(x, y float64) { out = append(out, []Point{p.Place(x, y)}) })
	return out
}

// isolated says whether a mark needs room beside its first and last value.
func isolated(m Mark) bool {
	if v := valuesOf(m); v != nil {
		return v.dots
	}
	return groupOf(m) == data && runsOf(m) == nil
}

// beside is by how much the marks of one type are moved to stand side by side.
func beside[M Mark](p *Panel, m Mark, apart float64) float64 {
	k, n := 0, 0
	for _, o := range p.marks {
		if o == m {
			k = n
		}
		if _, ok := o.(M); ok {
			n++
		}
	}
	return (float64(k) - float64(n-1)/2) * apart
}

// insert puts a mark behind those of its group.
func insert(marks []Mark, m Mark) []Mark {
	i := slices.IndexFunc(marks, func(o Mark) bool { return groupOf(o) > groupOf(m) })
	if i < 0 {
		return append(marks, m)
	}
	return slices.Insert(marks, i, m)
}
