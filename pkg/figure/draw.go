package figure

import (
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// draw begins with what stands still in an animation.
func (l *layout) draw(c Pen) {
	c.Box(ink.White, Rect{Min: At(0, 0), Max: At(float64(l.w), float64(l.h))})
	for _, p := range l.panels {
		p.drawGround(c)
	}
	for _, p := range l.panels {
		p.drawData(c)
	}
}

func (p *Panel) drawGround(c Pen) {
	if p.bar != nil {
		p.bar.Draw(c, p)
	} else {
		p.drawGrid(c)
	}
	p.drawAxes(c)
	if !p.hideBar {
		p.bar.drawBar(c, p)
	}
	if !p.above {
		p.drawLegend(c)
	}
	p.drawHead(c)
}

// drawData draws the marks from the lowest layer to the highest.
func (p *Panel) drawData(c Pen) {
	marks := slices.Clone(p.marks)
	slices.SortStableFunc(marks, func(a, b mark) int { return a.base().layer - b.base().layer })
	i := 0
	for ; i < len(marks) && marks[i].base().layer < ends; i++ {
		if marks[i].base().group != ground {
			marks[i].Draw(c, p)
		}
	}
	for _, m := range p.marks {
		m.drawEnd(c, p)
	}
	for _, m := range marks[i:] {
		m.Draw(c, p)
	}
	for _, l := range p.labels {
		n := ink.Width(ink.Sized(ink.Regular, tickSize), l.text)
		c.Box(ink.White, Rect{Min: At(l.at.X-2, l.at.Y-4), Max: At(l.at.X+n+2, l.at.Y+tickSize*0.8)})
		c.Text(l.text, l.at, ink.Sized(ink.Regular, tickSize), ink.Left)
	}
}

func (p *Panel) drawGrid(c Pen) {
	for _, t := range p.x.ticks(p.sx) {
		if u := p.sx.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.Stroke(Style{Color: ink.Light, Width: 1}, p.place(At(u, 0)), p.place(At(u, 1)))
		}
	}
	for _, t := range p.sy.ticks() {
		if u := p.sy.norm(t.at); t.label != "" && u > 0 && u < 1 {
			c.Stroke(Style{Color: ink.Light, Width: 1}, p.place(At(0, u)), p.place(At(1, u)))
		}
	}
}

func (p *Panel) drawAxes(c Pen) {
	f := p.frame
	rim := Style{Color: ink.Gray, Width: 1.2}
	c.Stroke(rim, At(f.Min.X, f.Max.Y), f.Min, At(f.Max.X, f.Min.Y))
	if p.framed {
		c.Stroke(rim, At(f.Min.X, f.Max.Y), f.Max, At(f.Max.X, f.Min.Y))
	}
	free := math.Inf(-1) // where the last label ends
	if p.x.names != nil {
		p.drawCategories(c)
	}
	for _, t := range p.sx.ticks() {
		if p.x.names != nil {
			break
		}
		at := p.place(At(p.sx.norm(t.at), 0))
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.Stroke(rim, at, At(at.X, at.Y-n))
		half := ink.Width(ink.Sized(ink.Regular, tickSize), t.label) / 2
		if t.label != "" && at.X-half >= free {
			c.Text(t.label, At(at.X, at.Y-tickLen-3-tickSize*0.8), ink.Sized(ink.Regular, tickSize), ink.Center)
			free = at.X + half + 8
		}
	}
	for _, t := range p.y.ticks(p.sy) {
		at := p.place(At(0, p.sy.norm(t.at)))
		n := tickLen
		if t.label == "" {
			n *= 0.6
		}
		c.Stroke(rim, at, At(at.X-n, at.Y))
		if t.label != "" && !p.hideY {
			c.Text(t.label, At(at.X-tickLen-4, at.Y-tickSize*0.35), ink.Sized(ink.Regular, tickSize), ink.Right)
		}
	}
	size, _ := p.labelSize(p.x.label, false)
	c.Text(p.x.label, At((f.Min.X+f.Max.X)/2, f.Min.Y-p.bottom+labelSize*0.3), ink.Sized(ink.Regular, size), ink.Center)
	if !p.hideY {
		size, _ := p.labelSize(p.y.label, true)
		c.Text(p.y.label, At(f.Min.X-p.left+labelSize*0.85, (f.Min.Y+f.Max.Y)/2), ink.Sized(ink.Regular, size), ink.Upright)
	}
}

// drawCategories writes the categories of the horizontal axis.
func (p *Panel) drawCategories(c Pen) {
	names, rows, deep := p.categories(p.width())
	for i, lines := range names {
		at := p.place(At(p.sx.norm(float64(i)), 0))
		down := tickLen + float64(i%rows*deep)*tickSize*leading
		c.Stroke(Style{Color: ink.Gray, Width: 1.2}, at, At(at.X, at.Y-down))
		for k, l := range lines {
			c.Text(l, At(at.X, at.Y-down-3-tickSize*0.8-float64(k)*tickSize*leading), ink.Sized(ink.Regular, tickSize), ink.Center)
		}
	}
}

// drawHead writes what stands above the frame.
func (p *Panel) drawHead(c Pen) {
	x, y := p.frame.Min.X, p.frame.Max.Y+p.top
	for _, l := range p.heading {
		y -= titleSize * leading
		c.Text(l, At(x, y+titleSize*0.25), ink.Sized(ink.Bold, titleSize), ink.Left)
	}
	room := p.width() + p.right
	for _, row := range p.rows {
		at := x
		for _, e := range row {
			base := y - 4 - tickSize*0.85
			e.draw(c, At(at, base+tickSize*0.35), e.sample())
			for k, l := range e.linesIn(room) {
				c.Text(l, At(at+e.sample()+6, base-float64(k)*tickSize*leading), ink.Sized(ink.Regular, tickSize), ink.Left)
			}
			at += e.width(room) + 18
		}
		y -= rowHeight(row, room)
	}
	top := p.frame.Max.Y
	for _, l := range p.strip {
		mid := l.at.X + ink.Width(ink.Sized(ink.Regular, tickSize), l.text)/2
		c.Stroke(ruleStyle, At(x+l.to.X, top), At(x+mid, top+l.at.Y-7))
		c.Text(l.text, At(x+l.at.X, top+l.at.Y), ink.Sized(ink.Regular, tickSize), ink.Left)
	}
}
