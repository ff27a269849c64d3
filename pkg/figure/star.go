package figure

import "fmt"

// Mark puts a star at (x, y), the optimum for example.
func (f *Figure) Mark(name string, x, y float64) *Figure {
	return f.add(&star{&values{name: name, layer: top, group: stars}, x, y})
}

type star struct {
	*values
	x, y float64
}

func (s *star) Check(x, y Axis) error {
	switch {
	case s.name == "":
		return fmt.Errorf("figure: a mark has no name")
	case !finite(s.x) || !finite(s.y):
		return fmt.Errorf("figure: mark %q: (%v, %v) is not a finite point", s.name, s.x, s.y)
	case x.log && s.x < tiny || y.log && s.y < tiny:
		return fmt.Errorf("figure: mark %q is at (%v, %v), which a logarithmic axis cannot show", s.name, s.x, s.y)
	}
	return nil
}

func (s *star) Extent(include func(x, y float64)) { include(s.x, s.y) }
func (s *star) obstacles(*Panel) [][]Point        { return nil }
func (s *star) center() (Point, bool)             { return At(s.x, s.y), true }

func (s *star) Draw(c Pen, p *Panel) {
	if at := p.at(s.x, s.y); unit.Has(at) {
		c.Star(p.place(at), 8)
	}
}

func (s *star) Legend(p *Panel, e *Entry) { e.star, e.at = true, p.sy.norm(s.y) }

func (s *star) Describe(*Panel) string {
	return fmt.Sprintf("Star at (%s, %s): %s", number(s.x), number(s.y), s.name)
}
