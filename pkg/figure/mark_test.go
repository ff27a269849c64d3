package figure_test

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure"
)

// violin is a mark that package figure does not have: how often values occur, as a shape that is as wide as they are many.
type violin struct {
	name   string
	at     float64
	values []float64 // ascending
}

func (v violin) Name() string { return v.name }

func (v violin) Check(x, y figure.Axis) error {
	if len(v.values) == 0 {
		return errors.New("violin: it has no values; give it some")
	}
	mistakes := []error{x.CanShow(v.at)}
	for _, value := range v.values {
		mistakes = append(mistakes, y.CanShow(value))
	}
	return errors.Join(mistakes...)
}

func (v violin) Extent(include func(x, y float64)) {
	for _, value := range v.values {
		include(v.at-0.5, value)
		include(v.at+0.5, value)
	}
}

// Draw fills the shape between quantiles: the closer they lie, the wider it is.
func (v violin) Draw(pen figure.Pen, p *figure.Panel) {
	var left, right []figure.Point
	for i, value := range v.values {
		width := 0.4 * math.Sin(math.Pi*float64(i+1)/float64(len(v.values)+1))
		left, right = append(left, p.Place(v.at-width, value)), append(right, p.Place(v.at+width, value))
	}
	slices.Reverse(right)
	shade := p.Style(v.name).Color
	shade.A = 0x60
	pen.Fill(shade, append(left, right...))
	middle := v.values[len(v.values)/2]
	for _, line := range p.Clip(p.Place(v.at-0.4, middle), p.Place(v.at+0.4, middle)) {
		pen.Stroke(p.Style(v.name), line...)
	}
}

func (v violin) Legend(_ *figure.Panel, e *figure.Entry) { e.Line, e.Area = true, 0x60 }

func (v violin) Describe(*figure.Panel) string {
	return fmt.Sprintf("%s (violin of %d values): median %g", v.name, len(v.values), v.values[len(v.values)/2])
}

// A mark of one's own is a type with six methods; no other file knows of it.
func ExampleMark() {
	fig := figure.New("Loss of each run", figure.X("optimizer"), figure.Y("loss"))
	fig.Add(violin{"SGD", 0, []float64{2, 3, 3.5, 4, 6}}, violin{"Adam", 1, []float64{1, 1.5, 2, 2.5, 3}})
	fmt.Println(fig.Alt())
	// Output:
	// Loss of each run. Horizontal axis: optimizer, from −0.58 to 1.58. Vertical axis: loss, from 0 to 6.25. SGD (violin of 5 values): median 3.5. Adam (violin of 5 values): median 2.
}

func TestAMarkFromOutside(t *testing.T) {
	fig := figure.New("t", figure.X("x"), figure.Y("y")).Line("SGD", nil, []float64{1, 2}).
		Add(violin{"SGD", 3, []float64{4, 5, 6}}, violin{"Adam", 4, []float64{-9, 5, 9}})
	svg, err := fig.SVG()
	require.NoError(t, err)
	assert.Regexp(t, `<path fill="#0072b2" fill-opacity="0.38" d="M`, string(svg), "it has the color of its name")
	assert.Regexp(t, `<path fill="#d55e00" fill-opacity="0.38" d="M`, string(svg))
	assert.Equal(t, 1, strings.Count(string(svg), ">SGD</text>"), "one entry for a name")
	assert.Contains(t, fig.Alt(), "SGD (line): from 1 to 2. SGD (violin of 3 values): median 5. Adam (violin")
	assert.Contains(t, fig.Alt(), "Vertical axis: y, from −9.9 to 9.9.", "the axes hold it")

	cut := figure.New("t", figure.X("x").Range(0, 1), figure.Y("y").Range(0, 1)).Add(violin{"a", 0.9, []float64{0.1, 0.5, 0.6}})
	svg, err = cut.SVG()
	require.NoError(t, err)
	border := regexp.MustCompile(`stroke="#555555" stroke-width="1.2" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+L([\d.]+) `).FindSubmatch(svg)
	line := regexp.MustCompile(`stroke="#0072b2" stroke-width="2.25" d="M[\d.]+ ([\d.]+)L([\d.]+) `).FindAllSubmatch(svg, -1)
	require.Len(t, line, 2, "the legend's, then the median")
	assert.Equal(t, string(border[1]), string(line[1][2]), "Clip ends at the frame")

	plane := figure.New("t", figure.X("x"), figure.Y("y")).Contour("L", func(x, y float64) float64 { return x*x + y*y }).
		Mark("optimum", 0, 0).Add(violin{"a", 1, []float64{2, 3, 4}})
	assert.Contains(t, plane.Alt(), "Vertical axis: y, from −4.6 to 4.6.", "in a plane, too")
}

// below is a violin in the layer of areas.
type below struct{ violin }

func (below) Layer() int { return figure.Areas }

func TestLayersOfMarksFromOutside(t *testing.T) {
	order := func(m figure.Mark) []int {
		svg, err := figure.New("t", figure.X("x"), figure.Y("y")).Line("line", nil, []float64{1, 2, 3}).Add(m).SVG()
		require.NoError(t, err)
		return []int{strings.LastIndex(string(svg), `stroke="#0072b2"`), strings.LastIndex(string(svg), `<path fill="#d55e00"`)}
	}
	v := violin{"a", 1, []float64{1, 2, 3}}
	assert.IsIncreasing(t, order(v), "above the line")
	assert.IsDecreasing(t, order(below{v}), "below it")
}

func TestMistakesOfMarksFromOutside(t *testing.T) {
	fig := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.LogY("y")) }
	some := []float64{1}
	for want, f := range map[string]*figure.Figure{
		"violin: it has no values; give it some":                                           fig().Add(violin{"a", 0, nil}),
		`figure: 0 is not positive, so the logarithmic axis "y" cannot show it`:            fig().Add(violin{"a", 0, []float64{0}}),
		`figure: NaN is not finite, so the axis "x" cannot show it`:                        fig().Add(violin{"a", math.NaN(), some}),
		"figure: a figure_test.violin has no name; the legend needs one":                   fig().Add(violin{"", 0, some}),
		"figure: a mark is nil":                                                            fig().Add(nil),
		"figure: a row or grid holds panels only; add the data to one of them":             figure.Row(fig().HLine(1, "l")).Add(violin{"a", 1, some}),
		`figure: 2 is no category; the axis "o" has the categories 0 to 1`:                 figure.New("t", figure.X("o").Categories("a", "b"), figure.Y("y")).Add(violin{"a", 2, some}),
		"figure: the figure is nil; figure.New makes one":                                  (*figure.Figure)(nil).Add(violin{"a", 1, some}),
		"figure: the font has no '∮' (U+222E) for the text \"∮\"; write it in another way": fig().Add(violin{"∮", 0, some}),
	} {
		_, err := f.SVG()
		assert.EqualError(t, err, want)
	}
}
