package figure_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/figure"
	"descent.example/pkg/figure/internal/places"
)

type seconds float32

func svgOf(t *testing.T, f *figure.Figure) string {
	t.Helper()
	svg, err := f.SVG()
	require.NoError(t, err)
	return string(svg)
}

// Whatever their type, the same numbers make the same picture.
func TestAnyNumbers(t *testing.T) {
	floats := []float64{1, 2, 4}
	more := []float64{2, 3, 9}
	draw := func(xs, ys, hi figure.Numbers) *figure.Figure {
		f := figure.New("t", figure.X("x"), figure.Y("y")).Line("line", xs, ys).Theory("theory", xs, ys).Points("points", xs, ys)
		return f.Band("band", xs, ys, hi).Intervals("intervals", xs, ys, ys, hi).Stems("stems", xs, ys).Bars("bars", xs, []int{3, 4}).
			Bundle("bundle", xs, []any{ys, hi})
	}
	want := svgOf(t, draw(floats, floats, more))
	for _, n := range [][2]figure.Numbers{
		{[]int{1, 2, 4}, []int8{2, 3, 9}}, {[]uint8{1, 2, 4}, []uint64{2, 3, 9}}, {[]float32{1, 2, 4}, []seconds{2, 3, 9}},
	} {
		assert.Equal(t, want, svgOf(t, draw(n[0], n[0], n[1])), "%T", n[0])
	}
	o, w := figure.X("o").Categories("a", "b"), figure.Y("w").Categories("c")
	assert.Equal(t, svgOf(t, figure.New("t", o, w).Heat("L", [][]float64{{1, 2}})), svgOf(t, figure.New("t", o, w).Heat("L", [][]int{{1, 2}})))
	plane := func(xs figure.Numbers) *figure.Figure {
		return figure.New("t", figure.X("x"), figure.Y("y")).Path("path", xs, xs).Arrows("arrows", xs, xs, xs, xs)
	}
	assert.Equal(t, svgOf(t, plane(floats)), svgOf(t, plane([]int{1, 2, 4})))
	assert.Equal(t, svgOf(t, figure.New("t", figure.LogX("x"), figure.LogY("y")).PowerLaw("law", floats, floats, 1, 1, 0)),
		svgOf(t, figure.New("t", figure.LogX("x"), figure.LogY("y")).PowerLaw("law", []int{1, 2, 4}, []int{1, 2, 4}, 1, 1, 0)))
}

func TestWhatIsNoNumbers(t *testing.T) {
	fig := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")) }
	square := func(x float64) float64 { return x * x }
	for want, f := range map[string]*figure.Figure{
		`line "a" … y values … string`:                            fig().Line("a", nil, "words"),
		`points "a" … x values … []string`:                        fig().Points("a", []string{"b"}, []int{1}),
		`line "a" … y values … func(int) int`:                     fig().Line("a", nil, func(i int) int { return i }),
		`band "a" … upper values … int`:                           fig().Band("a", nil, []int{1}, 3),
		`points "a" … function … xs … figure.Between`:             fig().Points("a", nil, square),
		`line "a" … nil … function`:                               fig().Line("a", nil, (func(float64) float64)(nil)),
		`line "a" … finite`:                                       fig().Line("b", []int{1, 2}, []int{1, 2}).Line("a", nil, func(float64) float64 { return math.NaN() }),
		`line "a" … axis "o" … categories … function`:             figure.New("t", figure.X("o").Categories("a"), figure.Y("y")).Line("a", nil, square),
		`line "a" … function … axis "x" … Range … figure.Between`: fig().Line("a", nil, square),
	} {
		_, err := f.SVG()
		says.All(t, err, want)
	}
	_, err := fig().Bundle("a", nil, []int{1}).SVG()
	says.All(t, err, `bundle "a" … int`)
	_, err = fig().Line("a", []int{1}, func(float64) float64 { panic("no value") }).SVG()
	assert.ErrorContains(t, err, `figure: line "a": no value, in figure_test.TestWhatIsNoNumbers`)
}

// A function over an axis is a line through its values between the axis's ends.
func TestFunctions(t *testing.T) {
	square := func(x float64) float64 { return x * x }
	at := func(xs []float64) (ys []float64) {
		for _, x := range xs {
			ys = append(ys, square(x))
		}
		return ys
	}
	xs := figure.Between(-1, 3)
	require.Len(t, xs, 401)
	require.Equal(t, []float64{-1, 1, 3}, []float64{xs[0], xs[200], xs[400]})
	want := svgOf(t, figure.New("t", figure.X("x"), figure.Y("y")).Theory("a", xs, at(xs)))
	assert.Equal(t, want, svgOf(t, figure.New("t", figure.X("x"), figure.Y("y")).Theory("a", xs, square)))
	assert.Equal(t, svgOf(t, figure.New("t", figure.X("x").Range(-1, 3), figure.Y("y")).Theory("a", xs, at(xs))),
		svgOf(t, figure.New("t", figure.X("x").Range(-1, 3), figure.Y("y")).Theory("a", nil, square)), "over the Range")
	measured := func() *figure.Figure {
		return figure.New("t", figure.X("x"), figure.Y("y")).Points("b", []int{-1, 3}, []int{1, 2})
	}
	assert.Equal(t, svgOf(t, measured().Line("a", xs, at(xs))), svgOf(t, measured().Line("a", nil, square)), "as far as the other marks")
	assert.Contains(t, measured().Line("a", nil, square).Alt(), "Vertical axis: y, from 0 to 9.45.", "the axis holds the function")

	log := figure.New("t", figure.LogX("x").Range(1, 1e4), figure.LogY("y")).Line("a", nil, square)
	assert.Contains(t, log.Alt(), "a (line): from 1 to 10⁸.")
	plane := figure.New("t", figure.X("x").Range(-1, 1), figure.Y("y").Range(-1, 1)).Contour("L", func(x, y float64) float64 { return x*x + y*y })
	svgOf(t, plane.Line("a", nil, square))

	// In an animation the function reaches as far as the axis, which holds all frames.
	motion := figure.Animate(3, 4, func(i int) *figure.Figure {
		return figure.New("t", figure.X("x"), figure.Y("y")).Line("b", []int{0, i + 1}, []int{0, 1}).Theory("a", nil, square)
	}).StillAt(0)
	assert.Contains(t, motion.Alt(), "Horizontal axis: x, from 0 to 3. Vertical axis: y, from 0 to 9.45. b (line): from 0 to 1. a (theory): from 0 to 9.")
}

func ExampleFigure_Line_function() {
	fig := figure.New("A ReLU", figure.X("x").Range(-2, 2), figure.Y("max(0, x)"))
	fig.Line("max(0, x)", nil, func(x float64) float64 { return max(0, x) })
	fmt.Println(fig.Alt())
	// Output:
	// A ReLU. Horizontal axis: x, from −2 to 2. Vertical axis: max(0, x), from 0 to 2.1. max(0, x) (line): from 0 to 2.
}

func ExampleColumn() {
	type run struct {
		Width int
		Loss  float32
	}
	runs := []run{{10, 0.5}, {20, 0.25}, {40, 0.125}}
	width := figure.Column(runs, func(r run) int { return r.Width })
	loss := figure.Column(runs, func(r run) float32 { return r.Loss })
	fig := figure.New("Wider is better", figure.LogX("width"), figure.LogY("loss")).Points("measured", width, loss)
	_, words, _ := strings.Cut(fig.Alt(), "measured")
	fmt.Println(width, words)
	// Output:
	// [10 20 40]  (points): from 0.5 to 0.125.
}

func ExampleCoordinate() {
	thetas := [][]float64{{-2, 1}, {-1, 0.5}, {0, 0}}
	fig := figure.New("Descent", figure.X("θ₁"), figure.Y("θ₂"))
	fig.Path("GD", figure.Coordinate(thetas, 0), figure.Coordinate(thetas, 1))
	_, words, _ := strings.Cut(fig.Alt(), "GD")
	fmt.Println(words)
	fmt.Println(figure.Coordinate(thetas, 2))
	// Output:
	// (path): from (−2, 1) to (0, 0).
	// [NaN NaN NaN]
}

func ExampleEnds() {
	type interval struct{ Value, Low, High float64 } // as package stat has it
	mean, low, high := figure.Ends([]interval{{1, 0.5, 2}, {0.5, 0.25, 1}})
	fig := figure.New("Loss, 30 seeds", figure.X("step"), figure.LogY("loss"))
	fig.Band("95 %", nil, low, high).Line("mean", nil, mean)
	_, words, _ := strings.Cut(fig.Alt(), "95 % ")
	fmt.Println(mean, low, high)
	fmt.Println(words)
	// Output:
	// [1 0.5] [0.5 0.25] [2 1]
	// (band): from 0.5 to 2 to 0.25 to 1. mean (line): from 1 to 0.5.
}

// The lower end of an interval may be 0 or less where its value is not: on a logarithmic axis the band reaches the border.
func TestABandBelowALogarithmicAxis(t *testing.T) {
	xs, hi := []float64{0, 1, 2}, []float64{4, 2, 1}
	band := func(low float64) string {
		return places.Of(svgOf(t, figure.New("t", figure.X("x"), figure.LogY("y").Range(0.1, 10)).Band("a", xs, []float64{2, 1, low}, hi).Describe("same")))
	}
	corner := regexp.MustCompile(`fill="#0072b2" fill-opacity="0.22" d="M[^"]*L([\d.]+) ([\d.]+)L`)
	low := func(svg string) string { return string(corner.FindStringSubmatch(svg)[2]) }
	assert.NotEqual(t, low(band(0.5)), low(band(-1)))
	for _, below := range []float64{0, -1, -1e300} {
		assert.Equal(t, band(below), band(-3))
	}
	border := regexp.MustCompile(`stroke="#555555" stroke-width="1.2" d="M[\d.]+ [\d.]+L[\d.]+ ([\d.]+)L`).FindStringSubmatch(band(-1))[1]
	assert.Contains(t, band(-1), fmt.Sprintf(" %sL", border), "it lies down on the axis")
	assert.Contains(t, figure.New("t", figure.X("x"), figure.LogY("y")).Band("a", xs, []float64{2, 0, -1}, hi).Alt(), "from 0.933 to 4.29", "which follows what it can show")
	_, err := figure.New("t", figure.LogX("x"), figure.Y("y")).Band("a", xs, xs, xs).SVG()
	assert.ErrorContains(t, err, "x[0] = 0, which the logarithmic axis")
}
