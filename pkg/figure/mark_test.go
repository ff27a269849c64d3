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
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"descent.example/internal/says"
	"descent.example/pkg/figure"
	"descent.example/pkg/figure/internal/places"
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
	drawn := places.Of(string(svg))
	border := regexp.MustCompile(`stroke="#555555" stroke-width="1.2" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+L([\d.]+) `).FindStringSubmatch(drawn)
	line := regexp.MustCompile(`stroke="#0072b2" stroke-width="2.25" d="M[\d.]+ ([\d.]+)L([\d.]+) `).FindAllStringSubmatch(drawn, -1)
	require.Len(t, line, 2, "the legend's, then the median")
	assert.Equal(t, border[1], line[1][2], "Clip ends at the frame")

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
		"violin … values":                 fig().Add(violin{"a", 0, nil}),
		`0 … axis "y" … logarithmic`:      fig().Add(violin{"a", 0, []float64{0}}),
		`NaN … axis "x" … finite`:         fig().Add(violin{"a", math.NaN(), some}),
		"figure_test.violin … name":       fig().Add(violin{"", 0, some}),
		"mark … nil":                      fig().Add(nil),
		"row … grid … panels":             figure.Row(fig().HLine(1, "l")).Add(violin{"a", 1, some}),
		`category … 2 … axis "o" … 0 … 1`: figure.New("t", figure.X("o").Categories("a", "b"), figure.Y("y")).Add(violin{"a", 2, some}),
		"nil … figure.New":                (*figure.Figure)(nil).Add(violin{"a", 1, some}),
		`font … U+222E … "∮"`:             fig().Add(violin{"∮", 0, some}),
	} {
		_, err := f.SVG()
		says.All(t, err, want)
	}
}

// wild is a mark that does what it is told in each of its methods.
type wild struct {
	on   string // the method
	do   func()
	pen  func(figure.Pen)
	sign func(*figure.Entry)
	says string
}

func (w wild) at(method string) {
	if w.on == method {
		w.do()
	}
}

func (w wild) Name() string                      { w.at("Name"); return "w" }
func (w wild) Check(_, _ figure.Axis) error      { w.at("Check"); return nil }
func (w wild) Extent(include func(_, _ float64)) { w.at("Extent"); include(0, 0); include(1, 1) }
func (w wild) Layer() int                        { w.at("Layer"); return figure.Areas }

func (w wild) Draw(pen figure.Pen, _ *figure.Panel) {
	if w.at("Draw"); w.pen != nil {
		w.pen(pen)
	}
}

func (w wild) Legend(_ *figure.Panel, e *figure.Entry) {
	w.at("Legend")
	if e.Line = true; w.sign != nil {
		w.sign(e)
	}
}

func (w wild) Describe(*figure.Panel) string { w.at("Describe"); return w.says }

// refused requires one sentence from every picture of a mark.
func refused(t *testing.T, m figure.Mark, want string) {
	t.Helper()
	alone := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")).Add(m) }
	_, err := alone().SVG()
	require.ErrorContains(t, err, want)
	assert.Less(t, len(err.Error()), 2000)
	assert.NotContains(t, err.Error(), "\n")
	_, png := alone().PNG()
	assert.EqualError(t, png, err.Error())
	assert.NotEmpty(t, alone().Alt())
	_, err = figure.Row(alone(), alone()).SVG()
	assert.ErrorContains(t, err, want)
	_, err = figure.Animate(2, 10, func(int) *figure.Figure { return alone() }).PNG()
	assert.ErrorContains(t, err, want)
	_, err = figure.Slide(func([]float64) (*figure.Figure, string) { return alone(), "" }, figure.Slider{Name: "s", Values: []float64{1}, Start: 1}).HTML()
	assert.ErrorContains(t, err, want)
}

func TestPanicsOfMarksFromOutside(t *testing.T) {
	for _, method := range []string{"Name", "Check", "Extent", "Layer", "Draw", "Legend", "Describe"} {
		want := `figure: mark "w": no good, in figure_test.Test`
		if slices.Contains([]string{"Name", "Check", "Extent", "Layer"}, method) {
			want = "figure: a figure_test.wild: no good, in figure_test.Test"
		}
		refused(t, wild{on: method, do: func() { panic("no good") }}, want)
	}
	refused(t, (*violin)(nil), "figure: a mark is a nil *figure_test.violin")
	refused(t, wild{on: "Draw", do: func() { panic(strings.Repeat("x", 1_000_000)) }}, `figure: mark "w": xxx`)
}

func TestWhatNoPenDraws(t *testing.T) {
	at := figure.At
	style := figure.Style{Width: 2}
	face := vgfont.Face{Font: vgfont.Font{Size: 12}, Face: font()}
	dashed := func(d ...vg.Length) figure.Style { return figure.Style{Width: 2, Dashes: d} }
	sized := func(size float64) vgfont.Face { f := face; f.Font.Size = vg.Length(size); return f }
	for want, draws := range map[string][]func(figure.Pen){
		"must be finite and within": {
			func(p figure.Pen) { p.Stroke(style, at(0, 0), at(math.NaN(), 1)) },
			func(p figure.Pen) { p.Stroke(style, at(0, 0), at(1, math.Inf(1))) },
			func(p figure.Pen) { p.Stroke(style, at(0, 0), at(1e300, 1)) },
			func(p figure.Pen) { p.Fill(style.Color, []figure.Point{at(0, 0), at(math.NaN(), 1), at(5, 5)}) },
			func(p figure.Pen) { p.Fill(style.Color, []figure.Point{at(0, 0), at(math.Inf(-1), 1), at(5, 5)}) },
			func(p figure.Pen) { p.Fill(style.Color, []figure.Point{at(0, 0), at(1e12, 1), at(5, 5)}) },
			func(p figure.Pen) { p.Text("a", at(math.NaN(), 1), face, 0) },
			func(p figure.Pen) { p.Marker(style, at(0, 0), math.Inf(1)) },
			func(p figure.Pen) { p.Circle(style, at(0, 0), math.NaN()) },
		},
		"a line of width": {
			func(p figure.Pen) { p.Stroke(figure.Style{Width: math.NaN()}, at(0, 0), at(1, 1)) },
			func(p figure.Pen) { p.Stroke(figure.Style{Width: math.Inf(1)}, at(0, 0), at(1, 1)) },
			func(p figure.Pen) { p.Stroke(figure.Style{Width: -1}, at(0, 0), at(1, 1)) },
		},
		"must be finite and not negative": {
			func(p figure.Pen) { p.Stroke(dashed(vg.Length(math.NaN()), 1), at(0, 0), at(1, 1)) },
			func(p figure.Pen) { p.Stroke(dashed(-1, 5), at(0, 0), at(1, 1)) },
		},
		"too short to see":    {func(p figure.Pen) { p.Stroke(dashed(1e-9, 1e-9), at(0, 0), at(100, 100)) }},
		"different dashes":    {func(p figure.Pen) { p.Stroke(dashed(make([]vg.Length, 1000)...), at(0, 0), at(100, 100)) }},
		"letters is too long": {func(p figure.Pen) { p.Text(strings.Repeat("a", 10_000_000), at(0, 0), face, 0) }},
		`has no '∮'`:          {func(p figure.Pen) { p.Text("∮", at(0, 0), face, 0) }},
		"needs a font": {
			func(p figure.Pen) { p.Text("a", at(0, 0), vgfont.Face{}, 0) },
			func(p figure.Pen) { p.Text("a", at(0, 0), sized(math.NaN()), 0) },
			func(p figure.Pen) { p.Text("a", at(0, 0), sized(1e9), 0) },
		},
	} {
		for i, draw := range draws {
			t.Run(fmt.Sprint(want, " ", i), func(t *testing.T) {
				refused(t, wild{pen: draw}, want)
				refused(t, wild{pen: draw}, `figure: mark "w": `)
			})
		}
	}
	back := make([]figure.Point, 1000)
	for i := range back {
		back[i] = at(float64(i%2)*90_000, 0)
	}
	refused(t, wild{pen: func(p figure.Pen) { p.Stroke(dashed(1, 1), back...) }}, "more than 1000000 dashes")
}

// Dashes without a length are a solid line, in both formats.
func TestDashesWithoutALength(t *testing.T) {
	picture := func(s figure.Style) *figure.Figure {
		s.Color.A = 0xff
		return figure.New("t", figure.X("x"), figure.Y("y")).Add(wild{pen: func(p figure.Pen) { p.Stroke(s, figure.At(0, 0), figure.At(200, 100)) }})
	}
	dashes, err := picture(figure.Style{Width: 2, Dashes: []vg.Length{0, 0}}).PNG()
	require.NoError(t, err)
	solid, err := picture(figure.Style{Width: 2}).PNG()
	require.NoError(t, err)
	assert.Equal(t, solid, dashes)
	dots, err := picture(figure.Style{Width: 2, Dashes: []vg.Length{0, 5}}).PNG()
	require.NoError(t, err)
	assert.NotEqual(t, solid, dots)
}

func TestLegendsOfMarksFromOutside(t *testing.T) {
	refused(t, wild{sign: func(e *figure.Entry) { e.Text = strings.Repeat("a", 100_000) }}, "100000 letters of a title, label or name are too many")
	refused(t, wild{sign: func(e *figure.Entry) { e.Text = "∮" }}, "the font has no '∮'")
	refused(t, wild{sign: func(e *figure.Entry) { e.Style.Width = math.NaN() }}, `figure: mark "w": a line of width NaN`)
	refused(t, wild{says: strings.Repeat("a", 10_000_000)}, "10000000 letters of a description are too many")
}

func TestExtentsOfMarksFromOutside(t *testing.T) {
	asked := 0
	fig := figure.New("t", figure.X("x"), figure.Y("y")).Add(wild{on: "Extent", do: func() { asked++ }})
	_, err := fig.SVG()
	require.NoError(t, err)
	assert.Equal(t, 1, asked)
	refused(t, endless{}, "values are too many to draw")
}

// endless includes more points than any picture has.
type endless struct{ wild }

func (endless) Extent(include func(x, y float64)) {
	for range 50_000_000 {
		include(0, 0)
	}
}

// A pen that nobody gave out draws nothing.
func TestZeroPen(t *testing.T) {
	var p figure.Pen
	assert.NotPanics(t, func() {
		p.Stroke(figure.Style{Width: 1}, figure.At(0, 0), figure.At(1, 1))
		p.Star(figure.At(0, 0), 3)
		p.Text("a", figure.At(0, 0), vgfont.Face{}, 0)
		p.Darts(figure.Style{}, nil)
	})
}

func font() *opentype.Font {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err)
	}
	return f
}

// A function that draws its own figure would never end, nor would a mark.
func TestFigureIsNotDrawnByItself(t *testing.T) {
	for name, again := range map[string]func(f *figure.Figure){
		"SVG": func(f *figure.Figure) { _, _ = f.SVG() }, "PNG": func(f *figure.Figure) { _, _ = f.PNG() },
		"Size": func(f *figure.Figure) { f.Size() }, "Alt": func(f *figure.Figure) { _ = f.Alt() },
	} {
		for kind, add := range map[string]func(f *figure.Figure){
			"line":    func(f *figure.Figure) { f.Line("f", nil, func(x float64) float64 { again(f); return x }) },
			"contour": func(f *figure.Figure) { f.Contour("f", func(x, y float64) float64 { again(f); return x * y }) },
			"mark":    func(f *figure.Figure) { f.Add(wild{on: "Draw", do: func() { again(f) }}) },
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				f := figure.New("title", figure.X("x").Range(0, 1), figure.Y("y").Range(0, 1))
				add(f)
				_, err := f.SVG()
				require.ErrorContains(t, err, "by its own function or mark")
				if kind == "line" {
					_, err = figure.Row(f, f.Copy()).SVG()
					require.ErrorContains(t, err, "panel 1")
				}
			})
		}
	}
	// Another figure's is no harm.
	small := figure.New("small", figure.X("x"), figure.Y("y")).Line("line", nil, []float64{1, 2})
	f := figure.New("title", figure.X("x").Range(0, 1), figure.Y("y"))
	f.Line("f", nil, func(x float64) float64 { w, _ := small.Size(); return x * float64(w) })
	_, err := f.SVG()
	require.NoError(t, err)
}
