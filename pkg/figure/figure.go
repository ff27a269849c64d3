// Package figure draws the pictures of optimizer runs, all in one look:
// curves against the step or the learning rate η, bands and bundles over seeds,
// contours of a loss with trajectories θ_{t+1} = θ_t − η∇L, arrows per example
// and stationary ellipses on top, measurements with their intervals, power
// laws, histograms and heat maps, and rows of such panels. A few calls build
// a Figure, or Add with marks of your own. It comes out as one bundle: SVG and PNG of the same drawing,
// its size, and a text that says the same. Animate makes a moving picture of
// a sequence of figures.
//
// Every name differs from the others by color (Okabe and Ito's palette,
// safe for color-blind readers) and by dash or marker, so that it survives a
// gray print; names stand beside the data, never over it. A run whose
// values are no longer finite ends in a mark and the words "diverged at
// step t". Lengths are CSS pixels; the card behind the
// drawing is opaque white, so that it reads on a dark page too.
package figure

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Figure is a picture: one panel made by New, or several made by Row or Grid.
// Its methods add to it and return it; the first mistake is kept and returned
// by SVG and PNG, so that a cell needs no error handling between the calls.
// The slices given are copied.
type Figure struct {
	title  string
	x, y   Axis
	marks  []mark // in their groups
	panels []*Figure
	cols   int
	values int // of all marks
	curves int // and sets of points
	low    bool
	grips  []grip
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
	if strings.TrimSpace(f.title) == "" {
		return fmt.Errorf("figure: a panel has no title; say what it shows")
	}
	return cmp.Or(f.x.check(), f.y.check())
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
	c.marks = slices.Clone(f.marks)
	return &c
}

// Low makes the frame of a panel in a row half as high as it is wide, if all panels of the picture are low: for a picture that is to
// stand on one screen with what moves it.
func (f *Figure) Low() *Figure {
	f = f.made()
	f.low = true
	return f
}

// Row puts panels side by side; their titles become sub-titles. A name has
// the same color and marker in every panel in which it occurs. Panels
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

func (f *Figure) fail(err error) {
	if f.err == nil {
		f.err = brief(err)
	}
}

func (f *Figure) add(m mark) *Figure {
	f = f.made()
	if err := m.Check(f.x, f.y); err != nil {
		f.fail(err)
		return f
	}
	v := m.base()
	if v.group == data {
		f.values, f.curves = f.values+len(v.ys), f.curves+1
	}
	f.fail(cmp.Or(atMost(mostValues, f.values, "values"), atMost(mostSeries, f.curves, "curves and sets of points")))
	if f.panels != nil {
		f.fail(fmt.Errorf("figure: a row or grid holds panels only; add the data to one of them"))
		return f
	}
	i := slices.IndexFunc(f.marks, func(o mark) bool { return o.base().group > v.group })
	if i < 0 {
		i = len(f.marks)
	}
	f.marks = slices.Insert(f.marks, i, m)
	return f
}

// ground is the name of what lies under the other marks, if there is something.
func (f *Figure) ground() (name string, ok bool) {
	if len(f.marks) == 0 || f.marks[0].base().group != ground {
		return "", false
	}
	return f.marks[0].Name(), true
}

// marksOf are the marks of figures, some of which may be nil.
func marksOf(figures []*Figure) iter.Seq[mark] {
	return func(yield func(mark) bool) {
		for _, f := range figures {
			if f == nil {
				continue
			}
			for _, m := range f.marks {
				if !yield(m) {
					return
				}
			}
		}
	}
}
