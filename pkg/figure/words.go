package figure

import (
	"cmp"
	"math"
	"slices"

	"descent.example/pkg/figure/internal/ink"
)

// label is a text of a place of its own; at is the left end of its baseline.
type label struct {
	text string
	at   Point
	to   Point // what it names
}

// overRules puts the labels of vertical lines over their lines, apart from
// each other, in as many rows as they need.
func (p *Panel) overRules(w float64) {
	const apart = 14.0
	p.strip = nil
	var rules []*rule
	for _, m := range p.marks {
		if r, ok := m.(*rule); ok && r.vertical {
			rules = append(rules, r)
		}
	}
	slices.SortStableFunc(rules, func(a, b *rule) int { return cmp.Compare(a.at, b.at) })
	total := 0.0
	for _, r := range rules {
		if x := p.sx.norm(r.at); x >= 0 && x <= 1 {
			p.strip = append(p.strip, label{text: r.name, to: At(x*w, 0)})
			total += ink.Width(ink.Sized(ink.Regular, tickSize), r.name) + apart
		}
	}
	room := w + p.right
	rows := int(math.Ceil((total - apart) / room))
	for row := range rows {
		free := 0.0
		for i := row; i < len(p.strip); i += rows {
			n := ink.Width(ink.Sized(ink.Regular, tickSize), p.strip[i].text)
			p.strip[i].at = At(max(p.strip[i].to.X-n/2, free), 14+float64(row)*tickSize*leading)
			free = p.strip[i].at.X + n + apart
		}
		// What reaches too far to the right pushes the others back, half of
		// the way, so that the shift is shared.
		end := room
		for i := len(p.strip) - 1; i >= 0; i-- {
			if i%rows == row {
				n := ink.Width(ink.Sized(ink.Regular, tickSize), p.strip[i].text)
				shift := max(p.strip[i].at.X-(p.strip[i].to.X-n/2), 0) / 2
				p.strip[i].at.X = min(p.strip[i].at.X-shift, end-n)
				end = p.strip[i].at.X - apart
			}
		}
	}
	if rows > 0 {
		p.top += 8 + float64(rows)*tickSize*leading
	}
}

// sayEnds puts the ends of curves into words beside them, where nothing else is
// drawn. It reports whether all found a place; the others go into the legend.
func (p *Panel) sayEnds() bool {
	p.labels = nil
	if p.flat || !slices.ContainsFunc(p.marks, p.toName) {
		return true
	}
	var drawn [][]Point
	for _, m := range p.marks {
		drawn = append(drawn, m.obstacles(p)...)
	}
	all := true
	for _, m := range p.marks {
		if !p.toName(m) {
			continue
		}
		v := m.base()
		way := p.stretch(v)
		text := p.note(v, way.left)
		n := ink.Width(ink.Sized(ink.Regular, tickSize), text)
		tip := p.place(way.last)
		found := false
		for k := 0; k < 10 && !found; k++ {
			x := tip.X + 12
			if k%2 == 1 {
				x = tip.X - 12 - n
			}
			y := min(tip.Y, p.frame.Max.Y-6) - tickSize*0.8 - float64(k/2)*tickSize*leading
			box := Rect{Min: At(x-4, y-5), Max: At(x+n+4, y+tickSize)}
			if !p.frame.Has(box.Min) || !p.frame.Has(box.Max) || crosses(box, drawn) {
				continue
			}
			found = true
			p.labels = append(p.labels, label{text, At(x, y), tip})
			drawn = append(drawn, []Point{box.Min, box.Max}, []Point{At(box.Min.X, box.Max.Y), At(box.Max.X, box.Min.Y)})
		}
		if !found {
			p.noted[v.name] = true
			all = false
		}
	}
	return all
}

// toName says whether the end of a mark is to be told beside it.
func (p *Panel) toName(m mark) bool {
	v := m.base()
	return v.kind != bundled && !v.zero && !p.noted[v.name] && p.note(v, p.stretch(v).left) != ""
}

func crosses(box ink.Rect, drawn [][]Point) bool {
	for _, l := range drawn {
		for i := range l {
			if box.Has(l[i]) {
				return true
			}
			if i > 0 {
				if _, _, ok := box.Clip(l[i-1], l[i]); ok {
					return true
				}
			}
		}
	}
	return false
}
