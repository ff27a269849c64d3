package figure

import (
	"fmt"
	"math"

	"descent.example/pkg/figure/internal/ink"
)

// VLine adds a vertical line at x, labeled above the frame: a threshold such
// as 2/λ_max.
func (f *Figure) VLine(x float64, label string) *Figure { return f.add(ruleOf(x, label, true)) }

// HLine adds a horizontal line at y, labeled in the legend.
func (f *Figure) HLine(y float64, label string) *Figure { return f.add(ruleOf(y, label, false)) }

type rule struct {
	*values
	at       float64
	vertical bool
}

func ruleOf(at float64, label string, vertical bool) *rule {
	return &rule{&values{name: label, layer: Rules, group: rules}, at, vertical}
}

var ruleStyle = Style{Color: ink.Gray, Width: 1.5}

func (r *rule) Check(x, y Axis) error {
	log := r.vertical && x.log || !r.vertical && y.log
	switch {
	case r.name == "":
		return fmt.Errorf("figure: the line at %v has no label", r.at)
	case !finite(r.at):
		return fmt.Errorf("figure: the line %q is at %v, which is not finite", r.name, r.at)
	case log && r.at < tiny:
		return fmt.Errorf("figure: the line %q is at %v, which a logarithmic axis cannot show", r.name, r.at)
	}
	return nil
}

func (r *rule) Extent(include func(x, y float64)) {
	if r.vertical {
		include(r.at, math.NaN())
	} else {
		include(math.NaN(), r.at)
	}
}

// share is where the line lies on its axis, and its two ends in the frame.
func (r *rule) share(p *Panel) (u float64, ends []Point) {
	if r.vertical {
		u = p.sx.norm(r.at)
		return u, p.placeAll([]Point{At(u, 0), At(u, 1)})
	}
	u = p.sy.norm(r.at)
	return u, p.placeAll([]Point{At(0, u), At(1, u)})
}

func (r *rule) obstacles(p *Panel) [][]Point {
	_, ends := r.share(p)
	return [][]Point{ends}
}

func (r *rule) Draw(c Pen, p *Panel) {
	if u, ends := r.share(p); u >= 0 && u <= 1 {
		c.Stroke(ruleStyle, ends...)
	}
}

func (r *rule) Legend(p *Panel, e *Entry) {
	if !r.vertical {
		e.Line, e.Style, e.at = true, ruleStyle, p.sy.norm(r.at)
	}
}

func (r *rule) Describe(*Panel) string {
	side := "Horizontal"
	if r.vertical {
		side = "Vertical"
	}
	return fmt.Sprintf("%s line at %s: %s", side, number(r.at), r.name)
}
