package figure

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
)

// CSV returns the numbers of the figure's series as comma-separated values with a header: a row for each value, with its panel, its series,
// x and y, and what else its mark shows, such as the ends of an interval. Of a band, y is the lower end; of arrows, x and y are the
// tails. A figure without series, such as contours alone, has none: the result is empty. Numbers have 7 digits. Its errors are those of SVG.
func (f *Figure) CSV() ([]byte, error) {
	defer f.begin()()
	l, err := f.layout()
	if err != nil {
		return nil, err
	}
	return l.csv()
}

func (l *layout) csv() ([]byte, error) {
	header := append([]string{"panel", "series"}, l.axes()...)
	fixed := len(header)
	var rows [][]string
	for _, p := range l.panels {
		runs := map[string]int{}
		for _, m := range p.marks {
			v := m.base()
			if v.group != data {
				continue
			}
			name := v.name
			if v.kind == bundled {
				runs[name]++
				name += ", run " + strconv.Itoa(runs[name])
			}
			for _, c := range v.also {
				if !slices.Contains(header, c.name) {
					header = append(header, c.name)
				}
			}
			for i := range v.ys {
				row := append(make([]string, 0, len(header)), p.title, name, p.x.text(v.xs[i]), p.y.text(v.ys[i]))
				for _, other := range header[fixed:] {
					at := slices.IndexFunc(v.also, func(c column) bool { return c.name == other })
					if at < 0 {
						row = append(row, "")
						continue
					}
					row = append(row, digits(v.also[at].values[i]))
				}
				rows = append(rows, row)
			}
		}
	}
	if rows == nil {
		return nil, nil
	}
	for i, row := range rows { // those before a column came have it empty
		rows[i] = append(row, make([]string, len(header)-len(row))...)
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(append([][]string{header}, rows...))
	return b.Bytes(), err
}

// axes are the names of the columns of x and y: the labels of the axes, if all panels have the same.
func (l *layout) axes() []string {
	x, y := l.panels[0].x.label, l.panels[0].y.label
	for _, p := range l.panels {
		if p.x.label != x || p.y.label != y {
			return []string{"x", "y"}
		}
	}
	return []string{x, y}
}

// text is a number on the axis, or the name of its category.
func (a Axis) text(v float64) string {
	if i := int(math.Round(v)); a.names != nil && a.holds(v) && float64(i) == v {
		return a.names[i]
	}
	return digits(v)
}

func digits(v float64) string { return strconv.FormatFloat(v, 'g', 7, 64) }
