package figure

import (
	"fmt"

	"descent.example/internal/live"
)

// A grip is the handles of one panel.
type grip struct {
	panel  int
	x, y   string
	xs, ys []float64
}

// Handles lets a reader drag points of a panel, counted from 1, while the cell's parameters can be moved: point i stands at (xs[i], ys[i]), and
// to drag it sets item i of the parameters x and y, which are lists (lab.Floats). With "" for x or y the points move along
// the other axis only. If both are the same name, that list is one point: its items are the point's two coordinates. The drawing itself
// does not change. A panel that does not exist, and lists of different lengths, are errors.
func (f *Figure) Handles(panel int, x, y string, xs, ys []float64) *Figure {
	f = f.made()
	switch {
	case panel < 1 || panel > max(1, len(f.panels)):
		f.fail(fmt.Errorf("figure: there is no panel %d for handles; the picture has %d", panel, max(1, len(f.panels))))
	case len(xs) != len(ys):
		f.fail(fmt.Errorf("figure: handles at %d abscissas and %d ordinates; give as many of both", len(xs), len(ys)))
	default:
		f.grips = append(f.grips[:len(f.grips):len(f.grips)], grip{panel - 1, x, y, xs, ys})
	}
	return f
}

// handled returns the handles with their places in the picture.
func (f *Figure) handled(l *layout) (all []live.Handle) {
	for _, g := range f.grips {
		p := l.panels[g.panel]
		at := func(param string, s scale, from, to float64) live.Coordinate {
			return live.Coordinate{Param: param, Lo: s.lo, Hi: s.hi, Log: s.log, From: from, To: to}
		}
		w, h := float64(l.w), float64(l.h) // the drawing's y grows upward
		for i := range g.xs {
			at := live.Handle{X: at(g.x, p.sx, p.frame.Min.X/w, p.frame.Max.X/w), Y: at(g.y, p.sy, 1-p.frame.Min.Y/h, 1-p.frame.Max.Y/h)}
			at.X.Item, at.Y.Item, at.X.Value, at.Y.Value = i, i, g.xs[i], g.ys[i]
			if g.x == g.y {
				at.X.Item, at.Y.Item = 0, 1
			}
			all = append(all, at)
		}
	}
	return all
}
