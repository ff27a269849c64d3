package figure

import "slices"

// Points adds measured points as markers that no line joins. Points of the name of
// a Path are larger than its own markers: they say where it is now.
// Arguments and errors are those of Line.
func (f *Figure) Points(name string, xs, ys Numbers) *Figure {
	return f.add(&points{values{kind: "points", layer: Signs, run: true, dots: true}.of(name, xs, ys)})
}

type points struct{ *values }

func (m *points) Draw(c Pen, p *Panel) {
	size := 4.0
	if m.follows(p) {
		size = 6.5
	}
	c.Markers(p.Style(m.name), m.markers(p, 0), size)
}

// follows says whether points mark places on a path, which must stand out from
// its own markers: where an animation is now.
func (m *points) follows(p *Panel) bool {
	return slices.ContainsFunc(p.marks, func(o mark) bool {
		_, ok := o.(*path)
		return ok && o.Name() == m.name
	})
}
