package figure

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// PowerLaw adds measured points and the law y = factor · x^slope that was
// fitted to them, on two logarithmic axes, where it is a straight line. The
// legend gives its slope and the half-width of its confidence interval, as in
// "slope −1.00 ± 0.02"; a half-width of 0 is left out. The fit is the
// caller's, so its three numbers are parameters beside those of Points. A factor that is not positive is an error, as is
// what is one for Points.
func (f *Figure) PowerLaw(name string, xs, ys Numbers, factor, slope, halfWidth float64) *Figure {
	measured := &points{values{kind: "points", layer: Signs, run: true, dots: true, whole: true}.of(name, xs, ys)}
	fit := &powerLaw{factor: factor, slope: slope, halfWidth: halfWidth}
	f = f.made()
	f.fail(fit.check(name, f.x, f.y))
	if f.add(measured).err != nil {
		return f
	}
	ends := []float64{slices.Min(measured.xs), slices.Max(measured.xs)}
	law := []float64{factor * math.Pow(ends[0], slope), factor * math.Pow(ends[1], slope)}
	fit.values = values{kind: "power law", layer: Curves + 1}.of(name, ends, law)
	return f.add(fit)
}

// powerLaw is the fitted line.
type powerLaw struct {
	*values
	factor, slope, halfWidth float64
}

func (l *powerLaw) check(name string, x, y Axis) error {
	switch {
	case !x.log || !y.log:
		return fmt.Errorf("figure: power law %q needs two logarithmic axes: figure.LogX and figure.LogY", name)
	case !finite(l.factor) || l.factor <= 0 || !finite(l.slope):
		return fmt.Errorf("figure: power law %q: %v · x^%v must have a positive factor and a finite slope",
			name, l.factor, l.slope)
	case !finite(l.halfWidth) || l.halfWidth < 0:
		return fmt.Errorf("figure: power law %q: a half-width of %v must be finite and not negative; give 0 to leave it out",
			name, l.halfWidth)
	}
	return nil
}

func (l *powerLaw) Draw(c Pen, p *Panel) {
	for _, pts := range p.stretch(l.values).lines {
		c.Stroke(Style{Color: p.Style(l.name).Color, Width: 1.6}, p.placeAll(pts)...)
	}
}

func (l *powerLaw) detail() string { return "slope " + plusMinus(l.slope, l.halfWidth) }

func (l *powerLaw) Legend(p *Panel, e *Entry) {
	e.Line = true
	l.explain(p, e, l.detail())
}

func (l *powerLaw) Describe(*Panel) string {
	return fmt.Sprintf("%s (fitted power law): %s", l.name, l.detail())
}

// plusMinus writes a value with as many decimals as its half-width has digits
// to tell: one, or two where the first is a 1.
func plusMinus(v, half float64) string {
	decimals := 2
	if half > 0 {
		e := math.Floor(math.Log10(half))
		if half < 2*math.Pow(10, e) {
			e--
		}
		decimals = int(min(max(-e, 0), 6))
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if half > 0 {
		s += " ± " + strconv.FormatFloat(half, 'f', decimals, 64)
	}
	return strings.ReplaceAll(s, "-", "−")
}
