// Package figure draws the pictures of optimizer runs, all in one look:
// curves against the step or the learning rate η, bands and bundles over seeds,
// contours of a loss with trajectories θ_{t+1} = θ_t − η∇L, arrows per example
// and stationary ellipses on top, measurements with their intervals, power
// laws, histograms and heat maps, and rows of such panels. A Figure is built
// by a few calls and comes out as one bundle: SVG and PNG of the same drawing,
// its size, and a text that says the same. Animate makes a moving picture of
// a sequence of figures.
//
// Every series differs from the others by color (Okabe and Ito's palette,
// safe for color-blind readers) and by dash or marker, so that it survives a
// gray print; names stand beside the data, never over it. What cannot be
// shown is said: a run that leaves the finite numbers ends in a mark and the
// words "diverged at step t". Lengths are CSS pixels; the card behind the
// drawing is opaque white, so that it reads on a dark page too.
package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Axis is one axis of a panel: its label (with the unit, where there is one),
// whether it is logarithmic, and its limits or categories. X, Y, LogX and LogY
// make one.
type Axis struct {
	label    string
	vertical bool
	log      bool
	limited  bool
	lo, hi   float64
	names    []string // of categories
}

// X is a linear horizontal axis. Its limits follow the data unless Range sets them.
func X(label string) Axis { return Axis{label: label} }

// Y is a linear vertical axis. Its limits follow the data unless Range sets them.
func Y(label string) Axis { return Axis{label: label, vertical: true} }

// LogX is a horizontal axis in powers of ten.
func LogX(label string) Axis { return Axis{label: label, log: true} }

// LogY is a vertical axis in powers of ten.
func LogY(label string) Axis { return Axis{label: label, vertical: true, log: true} }

// Range returns the axis with limits lo < hi. What lies outside is clipped; a
// run that leaves for good ends in an arrow at the border.
func (a Axis) Range(lo, hi float64) Axis {
	a.limited, a.lo, a.hi = true, lo, hi
	return a
}

// Categories returns the axis with names in place of numbers, the optimizers
// say: from left to right, or from top to bottom as in a table. The value i
// stands at the name of index i, so that a series with xs nil has one value for
// each name. A vertical axis of categories is for Heat alone.
func (a Axis) Categories(names ...string) Axis {
	a.names = append([]string{}, names...)
	return a
}

func (a Axis) check() error {
	side := "horizontal axis: figure.X(\"step t\")"
	if a.vertical {
		side = "vertical axis: figure.Y(\"loss L\")"
	}
	if a.label == "" {
		return fmt.Errorf("figure: an axis has no label; name the %s", side)
	}
	if a.names != nil {
		return a.checkNames()
	}
	switch {
	case !a.limited:
		return nil
	case !finite(a.lo) || !finite(a.hi) || a.lo >= a.hi:
		return fmt.Errorf("figure: axis %q: Range(%v, %v) must be two finite numbers, the lower one first", a.label, a.lo, a.hi)
	case a.log && a.lo < tiny:
		return fmt.Errorf("figure: axis %q: Range(%v, %v) must be positive on a logarithmic axis", a.label, a.lo, a.hi)
	}
	return nil
}

func (a Axis) checkNames() error {
	switch {
	case len(a.names) == 0:
		return fmt.Errorf("figure: axis %q has no categories; name at least one", a.label)
	case len(a.names) > mostCategories:
		return atMost(mostCategories, len(a.names), "categories of an axis")
	case a.log:
		return fmt.Errorf("figure: axis %q is logarithmic, which categories cannot be; use figure.X or figure.Y", a.label)
	case a.limited:
		return fmt.Errorf("figure: axis %q has categories, which no Range can limit; leave one out", a.label)
	}
	for i, n := range a.names {
		if n == "" || slices.Contains(a.names[:i], n) {
			return fmt.Errorf("figure: axis %q: category %d, %q, must be a name of its own", a.label, i+1, n)
		}
	}
	return nil
}

// Figure is a picture: one panel made by New, or several made by Row or Grid.
// Its methods add to it and return it; the first mistake is kept and returned
// by SVG and PNG, so that a cell needs no error handling between the calls.
// The slices given are copied.
type Figure struct {
	title  string
	x, y   Axis
	series []*series
	rules  []rule
	marks  []mark
	loss   *contour
	heat   *heat
	panels []*Figure
	cols   int
	values int // of all series
	alt    string
	err    error
}

// New starts a panel with a title and its two axes, for example
//
//	fig := figure.New("Loss against step", figure.X("step t"), figure.LogY("loss L(θ)"))
//
// A missing title, a missing axis or one without a label is an error. Texts
// may hold Greek letters, mathematical signs, λ₁, 10⁻³, and λ_max for a
// lowered word; a letter that the font lacks is an error.
func New(title string, axes ...Axis) *Figure {
	f := &Figure{title: title, y: Axis{vertical: true}}
	for _, a := range axes {
		if a.vertical {
			f.y = a
		} else {
			f.x = a
		}
	}
	f.fail(f.check())
	return f
}

func (f *Figure) check() error {
	if f.title == "" {
		return fmt.Errorf("figure: a panel has no title; say what it shows")
	}
	return cmp.Or(f.x.check(), f.y.check())
}

// Line adds a curve. With xs nil it is drawn over 0, 1, 2, …, the steps.
//
// A NaN or ±Inf with finite values after it is a gap. Where all values from
// some x on are not finite, the run has diverged: the curve ends in a cross
// and its name says "diverged at step x" (claim G4). Where it leaves the frame
// for good, it ends in an arrow. On a logarithmic axis a loss that is 0 (or
// below 2⁻¹⁰²², where digits are lost) from some step to the end is said in the
// same way; any other value ≤ 0 is an error. Different lengths, no finite value, or an x that is not finite are
// errors. Series of the same name share their color and their entry in the
// legend.
func (f *Figure) Line(name string, xs, ys []float64) *Figure {
	return f.add(&series{kind: line, name: name, xs: xs, ys: ys})
}

// Theory adds a curve that was not measured: black, thinner, below the data.
// Arguments and errors are those of Line.
func (f *Figure) Theory(name string, xs, ys []float64) *Figure {
	return f.add(&series{kind: theory, name: name, xs: xs, ys: ys})
}

// Points adds measured points as markers that no line joins. Points of the name of
// a Path are larger than its own markers: they say where it is now.
// Arguments and errors are those of Line.
func (f *Figure) Points(name string, xs, ys []float64) *Figure {
	return f.add(&series{kind: points, name: name, xs: xs, ys: ys})
}

// Band adds the area between lo and hi, a range over seeds for example. Give
// it the name of a Line to share its color. With xs nil it is drawn over
// 0, 1, 2, …. A lo above its hi is an error; where either is not finite the
// band has a gap.
func (f *Figure) Band(name string, xs, lo, hi []float64) *Figure {
	return f.add(&series{kind: band, name: name, xs: xs, ys: lo, hi: hi})
}

// Path adds a trajectory in the plane of the two axes: point t is
// (xs[t], ys[t]). Its start is marked. If it leaves the frame for good it ends
// in an arrow at the border and its name says at which step; if it leaves the
// finite numbers its name says "diverged at step t" (claim G4).
func (f *Figure) Path(name string, xs, ys []float64) *Figure {
	return f.add(&series{kind: path, name: name, xs: xs, ys: ys})
}

// Mark puts a star at (x, y), the optimum for example.
func (f *Figure) Mark(name string, x, y float64) *Figure {
	f = f.made()
	switch {
	case name == "":
		f.fail(fmt.Errorf("figure: a mark has no name"))
	case !finite(x) || !finite(y):
		f.fail(fmt.Errorf("figure: mark %q: (%v, %v) is not a finite point", name, x, y))
	case f.x.log && x < tiny || f.y.log && y < tiny:
		f.fail(fmt.Errorf("figure: mark %q is at (%v, %v), which a logarithmic axis cannot show", name, x, y))
	}
	return f.panel(func() { f.marks = append(f.marks, mark{name, x, y}) })
}

// VLine adds a vertical line at x, labeled above the frame: a threshold such
// as 2/λ_max.
func (f *Figure) VLine(x float64, label string) *Figure { return f.rule(rule{x, label, true}) }

// HLine adds a horizontal line at y, labeled in the legend.
func (f *Figure) HLine(y float64, label string) *Figure { return f.rule(rule{y, label, false}) }

// Contour draws the level sets of loss(x, y) over the frame as shaded bands
// and names them in a color bar with the given label. Without levels they
// are chosen: 1 and 3 times powers of ten where the loss is positive and spans
// more than a factor 30, evenly spaced round numbers otherwise. A loss that is
// not finite somewhere is drawn as the highest level there; one that panics is
// an error of SVG and PNG.
//
// Where the axes have no Range, the frame is centerd on the first Mark (or on
// the end of the first path that does not diverge) and wide enough for every
// start and its mirror image.
func (f *Figure) Contour(label string, loss func(x, y float64) float64, levels ...float64) *Figure {
	f = f.made()
	if err := atMost(mostLevels, len(levels), "levels of contours"); err != nil {
		f.fail(err)
		return f
	}
	levels = slices.Clone(levels)
	slices.Sort(levels)
	switch {
	case label == "":
		f.fail(fmt.Errorf("figure: the contours have no label; say what their levels are, as in \"loss L(θ)\""))
	case loss == nil:
		f.fail(fmt.Errorf("figure: contours of %q: the loss is nil", label))
	case f.loss != nil:
		f.fail(fmt.Errorf("figure: contours of %q: the panel already has those of %q", label, f.loss.label))
	case !f.linear():
		f.fail(fmt.Errorf("figure: contours of %q need two linear axes", label))
	}
	for i, l := range levels {
		if !finite(l) || i > 0 && l == levels[i-1] {
			f.fail(fmt.Errorf("figure: contours of %q: levels %v must be finite and different", label, levels))
		}
	}
	return f.panel(func() { f.loss = &contour{label: label, f: loss, levels: levels} })
}

// Describe sets the text alternative, for the cases in which the author says
// it better than Alt does.
func (f *Figure) Describe(alt string) *Figure {
	f = f.made()
	f.fail(checkWords(alt))
	f.alt = alt
	return f
}

// Copy returns a figure to which one can add without changing this one. The
// values of the contours are shared, not computed again: draw what stands still
// once, and for each frame of an animation add to a copy what moves.
func (f *Figure) Copy() *Figure {
	f = f.made()
	c := *f
	c.series, c.rules, c.marks = slices.Clone(f.series), slices.Clone(f.rules), slices.Clone(f.marks)
	return &c
}

// Row puts panels side by side; their titles become sub-titles. A series has
// the same color and marker in every panel in which its name occurs. Panels
// with the same vertical axis show its numbers once.
func Row(panels ...*Figure) *Figure { return Grid(len(panels), panels...) }

// Grid puts panels in rows of cols.
func Grid(cols int, panels ...*Figure) *Figure {
	f := &Figure{panels: slices.Clone(panels), cols: cols}
	if len(panels) == 0 || cols < 1 {
		f.fail(fmt.Errorf("figure: a grid of %d panels in %d columns is empty", len(panels), cols))
		return f
	}
	f.fail(atMost(mostPanels, len(panels), "panels"))
	f.cols = min(cols, len(panels))
	for i, p := range panels {
		switch {
		case p == nil:
			f.fail(fmt.Errorf("figure: panel %d is nil", i+1))
		case p.panels != nil:
			f.fail(fmt.Errorf("figure: panel %d is a row or grid itself; give its panels to Grid", i+1))
		default:
			f.values += p.values
		}
	}
	return f
}

type kind int

const (
	theoryBand kind = iota // in the order in which they are drawn
	band
	bars
	bundle
	theory
	line
	powerLaw
	path
	ellipse
	stems
	points
	intervals
	arrows
	resultant
)

func (k kind) String() string {
	return [...]string{"theory band", "band", "histogram", "bundle", "theory", "line", "power law", "path", "ellipse",
		"stem plot", "points", "set of intervals", "set of arrows", "resultant"}[k]
}

// joined says whether a line joins the values, so that they are a run that
// can diverge or leave the frame.
func (k kind) joined() bool { return k == bundle || k == theory || k == line || k == path }

// area says whether the kind fills what lies between ys and hi.
func (k kind) area() bool { return k == band || k == theoryBand }

// flat says whether the kind lives in a plane of two parameters.
func (k kind) flat() bool { return k == path || k == ellipse || k == arrows || k == resultant }

// series is one set of data. n is the number of values up to the last finite
// one: the rest, if any, has diverged, or is 0 on a logarithmic axis.
type series struct {
	kind   kind
	name   string
	xs, ys []float64
	lo, hi []float64 // ends of intervals; hi is also a band's upper edge and the height of an arrow's tip
	x2     []float64 // right edge of a bar, place of an arrow's tip
	detail string    // what a power law or an ellipse says of itself
	whole  bool      // shown as a whole, however much it grows
	n      int
	zero   bool
	lost   int // runs of the bundle without a finite value, noted at its first run
}

type rule struct {
	at       float64
	label    string
	vertical bool
}

type mark struct {
	name string
	x, y float64
}

func (f *Figure) fail(err error) {
	if f.err == nil {
		f.err = brief(err)
	}
}

// panel runs add unless the figure is a grid, whose panels hold the data.
func (f *Figure) panel(add func()) *Figure {
	if f.panels != nil {
		f.fail(fmt.Errorf("figure: a row or grid holds panels only; add the data to one of them"))
		return f
	}
	add()
	return f
}

func (f *Figure) rule(r rule) *Figure {
	f = f.made()
	a := f.y
	if r.vertical {
		a = f.x
	}
	switch {
	case r.label == "":
		f.fail(fmt.Errorf("figure: the line at %v has no label", r.at))
	case !finite(r.at):
		f.fail(fmt.Errorf("figure: the line %q is at %v, which is not finite", r.label, r.at))
	case a.log && r.at < tiny:
		f.fail(fmt.Errorf("figure: the line %q is at %v, which a logarithmic axis cannot show", r.label, r.at))
	}
	return f.panel(func() { f.rules = append(f.rules, r) })
}

// linear says whether both axes are of numbers, in equal steps.
func (f *Figure) linear() bool { return !f.x.log && !f.y.log && f.x.names == nil && f.y.names == nil }

func (f *Figure) add(s *series) *Figure {
	f = f.made()
	f.values += len(s.ys)
	if err := cmp.Or(atMost(mostValues, f.values, "values"), atMost(mostSeries, len(f.series)+1, "curves and sets of points")); err != nil {
		f.fail(err)
		return f
	}
	if s.xs == nil {
		s.xs = make([]float64, len(s.ys))
		for i := range s.xs {
			s.xs[i] = float64(i)
		}
	}
	s.xs, s.ys = slices.Clone(s.xs), slices.Clone(s.ys)
	s.x2, s.lo, s.hi = slices.Clone(s.x2), slices.Clone(s.lo), slices.Clone(s.hi)
	f.fail(s.check(f.x, f.y))
	return f.panel(func() { f.series = append(f.series, s) })
}

func (s *series) check(x, y Axis) error {
	what := fmt.Sprintf("figure: %v %q", s.kind, s.name)
	switch {
	case s.name == "":
		return fmt.Errorf("figure: a %v has no name; the legend needs one", s.kind)
	case len(s.xs) != len(s.ys):
		return fmt.Errorf("%s: %d x values but %d y values", what, len(s.xs), len(s.ys))
	case s.kind == intervals && len(s.lo) != len(s.ys):
		return fmt.Errorf("%s: %d values but %d lower ends", what, len(s.ys), len(s.lo))
	case s.kind == intervals && len(s.hi) != len(s.ys):
		return fmt.Errorf("%s: %d values but %d upper ends", what, len(s.ys), len(s.hi))
	case s.kind.area() && len(s.hi) != len(s.ys):
		return fmt.Errorf("%s: %d lower but %d upper values", what, len(s.ys), len(s.hi))
	case len(s.ys) == 0:
		return fmt.Errorf("%s has no data", what)
	case y.names != nil:
		return fmt.Errorf("%s: the vertical axis %q has categories, on which only Heat can be drawn", what, y.label)
	case s.kind.flat() && s.kind != path && (x.log || y.log || x.names != nil):
		return fmt.Errorf("%s needs two linear axes", what)
	case s.kind == stems && y.log:
		return fmt.Errorf("%s: stems stand on 0, which the logarithmic axis %q cannot show; use figure.Y", what, y.label)
	}
	for i := range s.ys {
		if s.ok(i) {
			s.n = i + 1
		}
		if s.kind.area() && s.ys[i] > s.hi[i] {
			return fmt.Errorf("%s: lo[%d] = %v lies above hi[%d] = %v", what, i, s.ys[i], i, s.hi[i])
		}
		if s.kind == intervals && (s.lo[i] > s.ys[i] || s.hi[i] < s.ys[i]) {
			return fmt.Errorf("%s: y[%d] = %v is not between lo[%d] = %v and hi[%d] = %v",
				what, i, s.ys[i], i, s.lo[i], i, s.hi[i])
		}
		if !s.kind.flat() && !finite(s.xs[i]) {
			return fmt.Errorf("%s: x[%d] = %v is not finite", what, i, s.xs[i])
		}
		if k := len(x.names); k > 0 && (s.xs[i] < 0 || s.xs[i] > float64(k-1)) {
			return fmt.Errorf("%s: x[%d] = %v, but the axis %q has the categories 0 to %d", what, i, s.xs[i], x.label, k-1)
		}
	}
	if s.n == 0 {
		return fmt.Errorf("%s has no finite value to draw", what)
	}
	if y.log && (s.kind == bundle || s.kind == line || s.kind == theory) && s.n == len(s.ys) {
		for s.n > 1 && s.ys[s.n-1] >= 0 && s.ys[s.n-1] < tiny {
			s.n--
			s.zero = true
		}
	}
	for i := range s.n {
		if x.log && s.xs[i] < tiny {
			return fmt.Errorf("%s: x[%d] = %v, which the logarithmic axis %q cannot show; use figure.X or leave the point out", what, i, s.xs[i], x.label)
		}
		if y.log && s.ys[i] < tiny && !(s.kind == bars && s.ys[i] == 0) {
			return fmt.Errorf("%s: y[%d] = %v, which the logarithmic axis %q cannot show; use figure.Y or leave the point out", what, i, s.ys[i], y.label)
		}
	}
	return nil
}

// ok says whether value i can be drawn.
func (s *series) ok(i int) bool {
	all := finite(s.xs[i]) && finite(s.ys[i])
	for _, also := range [][]float64{s.x2, s.lo, s.hi} {
		all = all && (also == nil || finite(also[i]))
	}
	return all
}

// diverged says whether the series leaves the finite numbers for good.
func (s *series) diverged() bool {
	return s.n < len(s.ys) && !s.zero && (s.kind.joined() || s.kind == points)
}

// step is the number that a note names for value i: the place on the
// horizontal axis, for a path the index.
func (s *series) step(i int) float64 {
	if s.kind == path {
		return float64(i)
	}
	return s.xs[i]
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
