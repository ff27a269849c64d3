package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"
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
// stands at the name of index i, so that a mark with xs nil has one value for
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
	if strings.TrimSpace(a.label) == "" {
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

// CanShow returns an error if the axis has no place for a value: it is not finite, not positive on a logarithmic axis, or
// no category. A value beyond a Range has a place, outside the frame.
func (a Axis) CanShow(v float64) error {
	switch {
	case !finite(v):
		return fmt.Errorf("figure: %v is not finite, so the axis %q cannot show it", v, a.label)
	case a.log && v < tiny:
		return fmt.Errorf("figure: %v is not positive, so the logarithmic axis %q cannot show it", v, a.label)
	case a.names != nil && !a.holds(v):
		return fmt.Errorf("figure: %v is no category; the axis %q has the categories 0 to %d", v, a.label, len(a.names)-1)
	}
	return nil
}

// holds says whether a value lies among the categories of an axis, if it has them.
func (a Axis) holds(v float64) bool {
	return a.names == nil || v >= -0.5 && v <= float64(len(a.names))-0.5
}

// linear says whether an axis is of numbers, in equal steps.
func (a Axis) linear() bool { return !a.log && a.names == nil }

// category is the name at a value.
func (a Axis) category(v float64) string { return a.names[int(math.Round(v))] }

func (a Axis) within(s scale) Axis {
	if a.limited || a.names != nil {
		return a
	}
	return a.Range(s.lo, s.hi)
}

// ticks are those of the scale, or the categories of the axis.
func (a Axis) ticks(s scale) []tick {
	if a.names == nil {
		return s.ticks()
	}
	out := make([]tick, len(a.names))
	for i, n := range a.names {
		out[i] = tick{float64(i), n}
	}
	return out
}
