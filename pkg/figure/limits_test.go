package figure

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// picture is what all pictures have.
type picture interface {
	PNG() ([]byte, error)
	Alt() string
	Size() (int, int)
}

// drawnOrRefused requires a picture that an XML parser and a PNG decoder accept,
// of bounded size, or one sentence.
func drawnOrRefused(t *testing.T, p picture) error {
	t.Helper()
	require.NotEmpty(t, p.Alt())
	require.NotContains(t, p.Alt(), "Inf")
	w, h := p.Size()
	data, err := p.PNG()
	if v, ok := p.(interface{ SVG() ([]byte, error) }); ok {
		svg, svgErr := v.SVG()
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(svgErr))
		if err == nil {
			require.Less(t, len(svg), 10_000_000)
			wellFormed(t, svg)
			require.NotRegexp(t, `NaN|Inf|e|\d{7}`, pathData(svg))
		}
	}
	if err != nil {
		require.NotContains(t, err.Error(), "\n", "one sentence")
		require.Less(t, len(err.Error()), 2000)
		return err
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, []int{2 * w, 2 * h}, []int{size.Width, size.Height})
	return nil
}

// wellFormed requires a document in which each element has a line of its own.
func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	require.NoError(t, xml.Unmarshal(svg, new(struct{})))
	lines := strings.Split(string(svg), "\n")
	end := len(lines) - 2
	require.Equal(t, []string{"</svg>", ""}, lines[end:])
	for _, line := range lines[1:end] {
		d := xml.NewDecoder(strings.NewReader(line))
		require.NoError(t, d.Decode(new(struct{})), line)
		_, err := d.Token()
		require.Equal(t, io.EOF, err, line)
	}
}

// pathData is every path's data in an SVG.
func pathData(svg []byte) string {
	var all []string
	for _, part := range strings.Split(string(svg), ` d="`)[1:] {
		data, _, _ := strings.Cut(part, `"`)
		all = append(all, data)
	}
	return strings.Join(all, " ")
}

var hostileNumbers = []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 3, 1e-300, 5e-324, -5e-324, 1e300, -1e300, 1.7e308, -1.7e308,
	math.MaxFloat64, -math.MaxFloat64, inf, -inf, nan, 1e16, 1e16 + 2, 1e-16, 42}

var hostileTexts = []string{"", "a", "<script>alert(1)</script>", `"'&>]]>`, "\x00", "\xff\xfe", "a\nb\tc\rd", "ä€𝕏", "\ufffe", "\u202eabc", "λ_max η ∇L", "_", "__x",
	strings.Repeat("W", 300), strings.Repeat("W", 301), strings.Repeat("long ", 50), strings.Repeat("x", 5000), " ", "−"}

// hostile makes values and texts of what breaks things.
type hostile struct{ *rand.Rand }

func (r hostile) number() float64 {
	if r.IntN(3) == 0 {
		return r.NormFloat64()
	}
	return hostileNumbers[r.IntN(len(hostileNumbers))]
}

func (r hostile) text() string {
	if r.IntN(8) > 0 {
		return string(rune('a' + r.IntN(5)))
	}
	return hostileTexts[r.IntN(len(hostileTexts))]
}

// numbers are n values of one kind: wild ones, equal ones, rising ones, or positive ones.
func (r hostile) numbers(n int) []float64 {
	out := make([]float64, n)
	kind, first := r.IntN(5), r.number()
	for i := range out {
		switch out[i] = r.number(); kind {
		case 0:
			out[i] = first
		case 1:
			out[i] = float64(i)
		case 2:
			out[i] = math.Abs(r.NormFloat64())
		case 3:
			out[i] = r.NormFloat64()
		}
	}
	return out
}

func (r hostile) axis(vertical bool) Axis {
	a := []Axis{X(r.text()), LogX(r.text())}[r.IntN(4)/3]
	a.vertical = vertical
	switch r.IntN(6) {
	case 0:
		a = a.Range(r.number(), r.number())
	case 1:
		a = a.Categories(r.text(), r.text(), r.text())
	}
	return a
}

func (r hostile) figure() *Figure {
	f := New(r.text(), r.axis(false), r.axis(true))
	for range 1 + r.IntN(3) {
		n := r.IntN(6)
		if r.IntN(4) == 0 {
			n = 1500
		}
		m := n
		if r.IntN(8) == 0 {
			m = r.IntN(6)
		}
		xs := r.numbers(n)
		if r.IntN(2) == 0 {
			xs = nil
		}
		switch name := r.text(); r.IntN(19) {
		case 0:
			f.Line(name, xs, r.numbers(m))
		case 1:
			f.Theory(name, xs, r.numbers(m))
		case 2:
			f.Points(name, xs, r.numbers(m))
		case 3:
			lo := r.numbers(n)
			f.Band(name, xs, lo, above(lo, r.numbers(n)))
		case 4:
			f.Path(name, r.numbers(n), r.numbers(m))
		case 5:
			f.Mark(name, r.number(), r.number())
		case 6:
			f.VLine(r.number(), name)
		case 7:
			f.HLine(r.number(), name)
		case 8:
			shape := r.numbers(4)
			f.Contour(name, func(x, y float64) float64 { return shape[0] + shape[1]*x*x + shape[2]*y*y + shape[3]*x*y }, r.numbers(r.IntN(4))...)
		case 9:
			f.Bundle(name, xs, [][]float64{r.numbers(n), r.numbers(m)})
		case 10:
			f.PowerLaw(name, xs, r.numbers(n), r.number(), r.number(), r.number())
		case 11:
			lo := r.numbers(n)
			f.TheoryBand(name, xs, lo, above(lo, r.numbers(n)))
		case 12:
			f.Bars(name, r.numbers(n+1), r.numbers(m))
		case 13:
			f.Stems(name, xs, r.numbers(m))
		case 14:
			lo := r.numbers(n)
			ys := above(lo, r.numbers(n))
			f.Intervals(name, xs, ys, lo, above(ys, r.numbers(n)))
		case 15:
			f.Arrows(name, r.numbers(n), r.numbers(n), r.numbers(m), r.numbers(n))
		case 16:
			f.Resultant(name, r.number(), r.number(), r.number(), r.number())
		case 17:
			f.Ellipse(name, r.number(), r.number(), r.number(), r.number(), r.number())
		case 18:
			f.Heat(name, [][]float64{r.numbers(3), r.numbers(3), r.numbers(3)})
		}
	}
	if r.IntN(4) == 0 {
		f.Describe(r.text())
	}
	return f
}

func above(lo, hi []float64) []float64 {
	for i := range hi {
		hi[i] = max(lo[i], hi[i])
	}
	return hi
}

func (r hostile) circuit() *Circuit {
	layer := func(in, out int) CircuitLayer {
		l := CircuitLayer{ReLU: r.IntN(2) == 0}
		for range in {
			l.Weights = append(l.Weights, r.numbers(out))
		}
		if r.IntN(2) == 0 {
			l.Biases = r.numbers(out)
		}
		return l
	}
	a, b := 1+r.IntN(4), 1+r.IntN(20)
	c := NewCircuit(r.text(), layer(a, b), layer(b, 1))
	if r.IntN(2) == 0 {
		signals := func() ([]float64, [][]float64, [][]float64) {
			return r.numbers(a), [][]float64{r.numbers(b), r.numbers(1)}, [][]float64{r.numbers(b), r.numbers(1)}
		}
		c.Values(signals())
		c.Gradients(signals())
	}
	return c
}

// Whatever it is given, a mark is drawn in a valid picture, or refused in one sentence.
func TestHostileValues(t *testing.T) {
	drawn := 0
	seed := uint64(0)
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	for ; seed < 400; seed++ {
		r := hostile{rand.New(rand.NewPCG(seed, 13))}
		var p picture
		switch r.IntN(8) {
		case 0:
			p = Row(r.figure(), r.figure())
		case 1:
			p = r.circuit()
		default:
			p = r.figure()
		}
		if drawnOrRefused(t, p) == nil {
			drawn++
		}
	}
	require.Greater(t, drawn, 30, "most are refused, but not nearly all")
}

func TestTheLargestNumbers(t *testing.T) {
	f := New("t", X("x"), Y("y")).Line("a", nil, []float64{-1.7e308, 1.7e308})
	require.NoError(t, drawnOrRefused(t, f))
	require.Contains(t, f.Alt(), "Vertical axis: y, from −1.8·10³⁰⁸ to 1.8·10³⁰⁸.")
}

func TestAnyTextIsValidXML(t *testing.T) {
	for _, s := range hostileTexts {
		f := curves().Describe(s)
		svg, err := f.SVG()
		require.NoError(t, err)
		wellFormed(t, svg)
		assert.NotContains(t, string(svg), "<script")
	}
}

// More than a picture may hold is refused in one sentence, and soon.
func TestTooMuch(t *testing.T) {
	million := make([]float64, 1_000_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range million {
		million[i] = r.NormFloat64()
	}
	names := make([]string, mostCategories+1)
	for i := range names {
		names[i] = fmt.Sprint("category ", i)
	}
	blank := func() *Figure { return New("t", X("x"), Y("y")) }
	named := blank()
	for _, n := range names {
		named.Line(n, nil, []float64{1})
	}
	bundle := make([][]float64, mostSeries+1)
	for i := range bundle {
		bundle[i] = million[:2]
	}
	levels := make([]float64, 100_000)
	for i := range levels {
		levels[i] = float64(i)
	}
	wide := make([]*Figure, mostPanels)
	for i := range wide {
		wide[i] = plane()
	}
	for want, p := range map[string]picture{
		"5000 letters of a title, label or name are too many to draw; the most are 300":  blank().Line(strings.Repeat("x", 5000), nil, []float64{1}),
		"100000 levels of contours are too many":                                         plane().Contour("L", bowl, levels...),
		"5000000 values are too many":                                                    blank().Line("a", nil, million).Line("b", nil, million).Line("c", nil, million).Line("d", nil, million).Line("e", nil, million),
		"501 categories of an axis are too many":                                         New("t", X("x").Categories(names...), Y("y")),
		"501 names, lines and marks of one panel are too many":                           named,
		"5001 rows are too many":                                                         blank().Bundle("a", nil, bundle),
		"5001 curves and sets of points are too many":                                    blank().Bundle("a", nil, bundle[:2501]).Bundle("b", nil, bundle[:2501]),
		"100000000 rows are too many":                                                    New("t", X("x").Categories("a"), Y("y").Categories("b")).Heat("h", make([][0]int, 100_000_000)),
		"101 panels are too many":                                                        Row(append(wide, plane())...),
		"pixels, which is too large; show fewer panels":                                  Row(wide...),
		"more than 300000 corners, which no reader could see":                            blank().Path("a", million, slicesReversed(million)),
		"20001 letters of a description are too many":                                    curves().Describe(strings.Repeat("x", 20_001)),
		"51 layers are too many":                                                         NewCircuit("t", make([]CircuitLayer, 51)...),
		`the slider "w" has no values; give it some, such as figure.Every(0, 1, 0.1), w`: Slide(straight, Slider{"w", Every(0, 1, 0), 0}),
		`the slider "v" has no values`:                                                   Slide(straight, Slider{"v", Every(0, 1, -0.1), 0}),
		"1001 values of a slider are too many":                                           Slide(straight, Slider{"w", Every(0, 1e12, 1e-12), 0}),
	} {
		err := drawnOrRefused(t, p)
		require.ErrorContains(t, err, want)
	}
	rough := func(x, y float64) float64 { return math.Sin(1e5*x) * math.Sin(1e5*y) }
	var many []float64
	for k := range mostLevels {
		many = append(many, float64(k+1)/(mostLevels+1))
	}
	noise := New("t", X("x").Range(-1, 1), Y("y").Range(-1, 1)).Contour("L", rough, many...)
	for range 2 { // what is kept for the next drawing makes the same mistake
		require.ErrorContains(t, drawnOrRefused(t, noise), "more than 300000 corners")
	}
	frames := Animate(30, 10, func(int) *Figure { return blank().Line("a", nil, million) })
	require.ErrorContains(t, drawnOrRefused(t, frames), "values of all frames are too many")
}

func TestTooLargeAFilm(t *testing.T) {
	panels := make([]*Figure, 20)
	for i := range panels {
		panels[i] = curves()
	}
	all := Grid(2, panels...)
	w, h := all.Size()
	a := Animate(mostFrames, 10, func(int) *Figure { return all })
	says.All(t, drawnOrRefused(t, a), fmt.Sprintf("600 frames … %d … %d … fewer frames", w, h))
}

func slicesReversed(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = v[len(v)-1-i]
	}
	return out
}

func TestNilPicturesAreRefused(t *testing.T) {
	var f *Figure
	all := map[string]picture{
		"figure": f, "animation": (*Animation)(nil), "slides": (*Slides)(nil), "circuit": (*Circuit)(nil),
		"Line": f.Line("a", nil, []float64{1}), "Mark": f.Mark("m", 0, 0), "HLine": f.HLine(0, "l"), "Contour": f.Contour("L", bowl),
		"Describe": f.Describe("d"), "Copy": f.Copy(), "Bundle": f.Bundle("a", nil, [][]float64{{1}}), "PowerLaw": f.PowerLaw("a", nil, nil, 1, 1, 0),
		"Bars": f.Bars("a", []float64{0, 1}, []float64{1}), "Arrows": f.Arrows("a", nil, nil, nil, nil), "Ellipse": f.Ellipse("e", 0, 0, 1, 1, 0),
		"Heat": f.Heat("h", nil), "StillAt": (*Animation)(nil).StillAt(0), "Values": (*Circuit)(nil).Values(nil, nil, nil),
	}
	for name, p := range all {
		require.EqualError(t, drawnOrRefused(t, p), errNil.Error(), name)
	}
	require.Error(t, drawnOrRefused(t, &Figure{}))
	says.All(t, drawnOrRefused(t, &Circuit{}), "circuit … layers … figure.NewCircuit")
	says.All(t, drawnOrRefused(t, &Animation{}), "animation … frames … figure.Animate")
	require.Error(t, drawnOrRefused(t, (&Animation{}).Describe("d").StillAt(0)))
	says.All(t, drawnOrRefused(t, &Slides{}), "slides … pictures … figure.Slide")
	for _, p := range []interface{ HTML() ([]byte, error) }{&Animation{}, &Slides{}} {
		_, err := p.HTML()
		require.Error(t, err)
	}
	require.Empty(t, (&Slides{}).Instead())
	require.Error(t, drawnOrRefused(t, (&Figure{}).Line("a", nil, []float64{1, 2})))
}

// A million values are drawn in a picture that is as light as one of a thousand,
// and covers the same dots as all of its values would.
func TestAMillionValuesLookAsTheyAre(t *testing.T) {
	const n = 60_000 // which can still be drawn in full
	r := rand.New(rand.NewPCG(5, 6))
	ys := make([]float64, n)
	for i := range ys {
		ys[i] = r.NormFloat64()
	}
	kinds := map[string]func(f *Figure, ys []float64) *Figure{
		"line":   func(f *Figure, ys []float64) *Figure { return f.Line("a", nil, ys) },
		"points": func(f *Figure, ys []float64) *Figure { return f.Points("a", nil, ys) },
		"stems":  func(f *Figure, ys []float64) *Figure { return f.Stems("a", nil, ys) },
	}
	for name, add := range kinds {
		f := add(New("t", X("x"), Y("y")), ys)
		svg, err := f.SVG()
		require.NoError(t, err)
		require.Less(t, len(svg), 3_000_000, name)
		data, err := f.PNG()
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		l, err := f.layout()
		require.NoError(t, err)
		p := l.panels[0]
		missing := 0
		for i, y := range ys {
			at := p.place(p.at(float64(i), y))
			if _, g, _, _ := img.At(int(2*at.X), img.Bounds().Dy()-int(2*at.Y)).RGBA(); g > 0xd000 {
				missing++
			}
		}
		// A stem's end may lie below the white rim of a marker beside it.
		require.Less(t, missing, map[string]int{"stems": n / 20}[name]+n/1000, "%s: where a value is, something is drawn", name)
	}
}

// A mistake in a function of the reader's is an error that says where, as the other mistakes are.
func TestPanicsOfUsersFunctions(t *testing.T) {
	broken := func(x, y float64) float64 { panic("no loss") }
	_, err := New("t", X("x").Range(0, 1), Y("y").Range(0, 1)).Contour("L", broken).SVG()
	require.ErrorContains(t, err, `figure: contours of "L": no loss, in figure.TestPanicsOfUsersFunctions.func1 (limits_test.go:`)
	_, err = Animate(3, 10, func(i int) *Figure { panic("no frame") }).PNG()
	require.ErrorContains(t, err, "figure: frame 0 of the animation: no frame, in figure.TestPanicsOfUsersFunctions.func2 (limits_test.go:")
	_, err = Slide(func([]float64) (*Figure, string) { panic("no picture") }, Slider{Name: "w", Values: []float64{1}, Start: 1}).SVG()
	require.ErrorContains(t, err, "figure: the picture at w = 1: no picture, in figure.TestPanicsOfUsersFunctions.func3 (limits_test.go:")
}

// What is no numbers, or more than a mark can have, is refused wherever numbers are given.
func TestNumbersThatAreNone(t *testing.T) {
	one, two := []float64{1}, []float64{1, 2}
	kinds := map[string]func(f *Figure, a, b, c Numbers){
		"Line":      func(f *Figure, a, b, _ Numbers) { f.Line("p", a, b) },
		"Points":    func(f *Figure, a, b, _ Numbers) { f.Points("p", a, b) },
		"Path":      func(f *Figure, a, b, _ Numbers) { f.Path("p", a, b) },
		"Stems":     func(f *Figure, a, b, _ Numbers) { f.Stems("p", a, b) },
		"Bundle":    func(f *Figure, a, b, _ Numbers) { f.Bundle("p", a, []Numbers{b}) },
		"PowerLaw":  func(f *Figure, a, b, _ Numbers) { f.PowerLaw("p", a, b, 1, 1, 0) },
		"Bars":      func(f *Figure, a, b, _ Numbers) { f.Bars("p", a, b) },
		"Band":      func(f *Figure, a, b, c Numbers) { f.Band("p", a, b, c) },
		"Intervals": func(f *Figure, a, b, c Numbers) { f.Intervals("p", a, b, b, c) },
		"ends":      func(f *Figure, a, b, c Numbers) { f.Intervals("p", a, b, c, b) },
		"Arrows":    func(f *Figure, a, b, c Numbers) { f.Arrows("p", a, b, c, c) },
		"arrows":    func(f *Figure, a, b, c Numbers) { f.Arrows("p", a, b, b, c) },
		"Heat":      func(f *Figure, a, _, _ Numbers) { f.Heat("p", a) },
	}
	for _, none := range []Numbers{"abc", []string{"a", "b"}, 7, make([]int8, 5_000_000), [2]int{1, 2}, map[int]int{}, []any{1.0, nil},
		func(float64) float64 { panic("no number") }, (func(float64) float64)(nil), func() {}} {
		for name, add := range kinds {
			for place := range 3 {
				for _, given := range [][]float64{one, two} {
					n := []Numbers{given, given, given}
					n[place] = none
					f := New("t", X("x"), Y("y"))
					require.NotPanics(t, func() { add(f, n[0], n[1], n[2]) }, "%s, argument %d: %T", name, place, none)
					drawnOrRefused(t, f)
				}
			}
		}
	}
	err := drawnOrRefused(t, New("t", X("x"), Y("y")).Bars("p", "abc", []int{1, 2}))
	says.All(t, err, `histogram "p" … x values … string`)
}

func TestColumnOfNothing(t *testing.T) {
	require.Panics(t, func() { Each([]int{1}, (func(int) float64)(nil)) })
	require.PanicsWithValue(t, "figure: Column needs a function that picks the number of a result; it is nil",
		func() { Column([]int{1}, (func(int) int)(nil)) })
}
