package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// Animation is a moving picture made by Animate: an animated PNG, which plays
// wherever a browser shows an image, without a script and in a notebook that is
// not trusted. Where a script runs, a slider stops it and goes through it. Printed, or shown by a program that knows only still PNGs, it is
// its still.
type Animation struct {
	frames []*Figure
	fps    float64
	still  int
	alt    string
	err    error

	film *reel // kept: Size, Alt and PNG need the same
}

// Animate draws frames 0 to frames−1 and shows fps of them in a second, again
// and again, with a pause after the last one, which is also the still. What
// draw returns may differ in all but the number of panels; axes without a Range
// get the limits that hold all frames, so that nothing jumps. What stands still
// is drawn once: build it before, and let draw add to a Copy what moves, as in
//
//	ground := figure.New("Descent", figure.X("θ₁"), figure.Y("θ₂"))
//	ground.Contour("loss L(θ)", loss).Mark("optimum", 0, 0)
//	motion := figure.Animate(60, 12, func(t int) *figure.Figure {
//		return ground.Copy().Path("GD", xs[:t+1], ys[:t+1]).Points("GD", xs[t:t+1], ys[t:t+1])
//	})
//
// The first mistake is kept and returned by PNG: fewer than 1 or more than 600
// frames, an fps not from 0.2 to 50, or one in a frame, a panic of draw among them.
func Animate(frames int, fps float64, draw func(i int) *Figure) *Animation {
	a := &Animation{fps: fps, still: frames - 1}
	switch {
	case frames < 1 || frames > mostFrames:
		a.err = fmt.Errorf("figure: an animation of %d frames: it must have from 1 to %d", frames, mostFrames)
	case !(fps >= 0.2 && fps <= 50):
		a.err = fmt.Errorf("figure: an animation of %v frames per second: browsers show from 0.2 to 50", fps)
	case draw == nil:
		a.err = fmt.Errorf("figure: an animation needs a function that draws its frames; it is nil")
	}
	total := 0
	for i := 0; i < frames && a.err == nil; i++ {
		var f *Figure
		if a.err = call(fmt.Sprintf("frame %d of the animation", i), func() { f = draw(i) }); a.err != nil {
			break
		}
		switch {
		case f == nil:
			a.err = fmt.Errorf("figure: frame %d of the animation is nil", i)
		case i > 0 && !f.samePanels(a.frames[0]):
			a.err = fmt.Errorf("figure: frame %d of the animation has other panels than frame 0", i)
		default:
			total += f.values
			a.err = atMost(mostMoving, total, "values of all frames")
		}
		a.frames = append(a.frames, f)
	}
	return a
}

// made is a, or an animation that says that Animate did not make it.
func (a *Animation) made() *Animation {
	switch {
	case a == nil:
		return &Animation{err: errNil}
	case len(a.frames) == 0 && a.err == nil:
		return &Animation{err: errors.New("figure: the animation has no frames; figure.Animate makes one")}
	}
	return a
}

// StillAt makes another frame than the last one the still.
func (a *Animation) StillAt(i int) *Animation {
	a = a.made()
	if a.err == nil && (i < 0 || i >= len(a.frames)) {
		a.err = fmt.Errorf("figure: the still is frame %d; the animation has the frames 0 to %d", i, len(a.frames)-1)
	}
	a.still, a.film = i, nil
	return a
}

// Describe sets the text alternative, for the cases in which the author says
// it better than Alt does.
func (a *Animation) Describe(alt string) *Animation {
	a = a.made()
	if a.err == nil {
		a.err = checkWords(alt)
	}
	a.alt = alt
	return a
}

// Alt returns the text alternative: that of Describe, or else the number of
// frames, how long they take, and the words for the still.
func (a *Animation) Alt() string {
	if a = a.made(); a.alt != "" {
		return ink.Minus(a.alt)
	}
	if f, err := a.develop(); err == nil {
		return ink.Minus(fmt.Sprintf("Animation of %d frames in %s seconds. Frame %d: %s", len(a.frames),
			number(math.Round(float64(len(a.frames))/a.fps*10)/10), a.still+1, f.layouts[a.still].describe()))
	}
	return "Animation"
}

// Size returns the width and height in CSS pixels, or zeros where PNG returns
// an error.
func (a *Animation) Size() (width, height int) {
	f, err := a.develop()
	if err != nil {
		return 0, 0
	}
	return f.layouts[0].w, f.layouts[0].h
}

// PNG returns the animated PNG. The same frames give the same bytes. The error is the first mistake of Animate or StillAt, or
// one that Figure.SVG returns for a frame. Too many pixels in all frames together are an error too.
func (a *Animation) PNG() ([]byte, error) {
	f, err := a.develop()
	if err != nil {
		return nil, err
	}
	if f.png == nil {
		frames := make([]func(Pen), len(f.layouts))
		for i, l := range f.layouts {
			frames[i] = l.draw
		}
		if f.png, err = ink.Film(f.layouts[0].w, f.layouts[0].h, frames, a.still, a.fps); err != nil {
			return nil, err
		}
	}
	return f.png, nil
}

// Instead is the text shown where scripts do not run.
func (a *Animation) Instead() string {
	return "To stop it and go through it by hand, " + trust
}

// HTML returns an element of a page with a slider through the frames, to stand
// below the animation. The same frames give the same bytes, and the errors are those of PNG, or that the page would be too large.
func (a *Animation) HTML() ([]byte, error) {
	a = a.made()
	f, err := a.develop()
	if err != nil {
		return nil, err
	}
	frame := slider{Name: "frame", Start: a.still}
	for i := range a.frames {
		frame.Values = append(frame.Values, fmt.Sprintf("%d of %d", i+1, len(a.frames)))
	}
	p := page{Sliders: []slider{frame}, Words: make([]string, len(a.frames)), Moves: true}
	return p.html(a.frames, f.layouts, a.Instead())
}

// Frames returns the frames as SVG, and how many are shown in a second. Its errors are those of PNG.
func (a *Animation) Frames() (svgs []string, perSecond float64, err error) {
	a = a.made()
	f, err := a.develop()
	if err != nil {
		return nil, 0, err
	}
	for i, l := range f.layouts {
		svg, err := ink.SVG(l.w, l.h, a.frames[i].heading(), "", l.draw)
		if err != nil {
			return nil, 0, inFrame(i, err)
		}
		svgs = append(svgs, string(svg))
	}
	return svgs, a.fps, nil
}

// reel is an animation with every frame laid out, in one frame of axes.
type reel struct {
	layouts []*layout
	png     []byte
}

func (a *Animation) develop() (*reel, error) {
	a = a.made()
	if a.err == nil && a.film == nil {
		if w, h := a.frames[0].Size(); w*h*len(a.frames) > mostFilm {
			a.err = fmt.Errorf("figure: %d frames of %d by %d pixels are too many to draw; show fewer frames, or fewer panels in each", len(a.frames), w, h)
			return nil, a.err
		}
		a.film = &reel{}
		a.film.layouts, a.err = layoutsOf(a.frames, a.still)
	}
	return a.film, a.err
}

// layoutsOf lays out pictures of the same panels so that axes, frames and
// styles are the same in all.
func layoutsOf(figures []*Figure, first int) ([]*layout, error) {
	panels, cols := make([][]*Figure, len(figures)), max(figures[0].cols, 1)
	for i, f := range figures {
		if f.err != nil {
			return nil, inFrame(i, f.err)
		}
		if panels[i] = []*Figure{f}; f.panels != nil {
			panels[i] = f.panels
		}
	}
	if err := sameLimits(panels); err != nil {
		return nil, err
	}
	common := commonOf(append(slices.Clone(panels[first]), slices.Concat(panels...)...))
	common.rooms = make([]room, len(panels[0]))
	out := make([]*layout, len(figures))
	for settled := false; !settled; {
		settled = true
		for i := range figures {
			l, err := layoutOf(panels[i], cols, figures[i].panels != nil, common)
			if err != nil {
				return nil, inFrame(i, err)
			}
			out[i] = l
			for k, p := range l.panels {
				wider := common.rooms[k].or(room{p.left, p.right, p.top, p.bottom})
				settled = settled && wider == common.rooms[k]
				common.rooms[k] = wider
			}
		}
	}
	for _, l := range out {
		for _, p := range l.panels {
			for _, m := range p.marks {
				if m, ok := m.(*path); ok && m.crowded(p) {
					common.thin[m.name] = true
				}
			}
		}
	}
	return out, nil
}

// samePanels says whether f is laid out as g is.
func (f *Figure) samePanels(g *Figure) bool {
	return len(f.panels) == len(g.panels) && f.cols == g.cols
}

func inFrame(i int, err error) error { return fmt.Errorf("frame %d: %w", i, err) }

// sameLimits replaces the panels by copies whose axes have limits that hold the
// data of all frames.
func sameLimits(panels [][]*Figure) error {
	for k := range panels[0] {
		all := &Figure{}
		for _, frame := range slices.Backward(panels) { // the last one knows where a path ends
			f := frame[k]
			if f == nil || f.err != nil {
				return nil // layoutOf says what is wrong
			}
			marks := append(all.marks, f.marks...)
			*all = *f
			all.marks = marks
		}
		p := all.scaled()
		if err := p.scales(); err != nil {
			return err
		}
		for i := range panels {
			f := panels[i][k].Copy()
			f.x, f.y = f.x.within(p.sx), f.y.within(p.sy)
			panels[i] = slices.Clone(panels[i])
			panels[i][k] = f
		}
	}
	return nil
}
