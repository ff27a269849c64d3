package figure

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"descent.example/internal/live"
	"descent.example/internal/says"
	"descent.example/pkg/figure/internal/ink"
	"descent.example/pkg/figure/internal/places"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var nan, inf = math.NaN(), math.Inf(1)

func curves() *Figure {
	return New("Loss against step", X("step t"), LogY("loss L(θ)")).
		Line("η = 0.1", nil, []float64{8, 4, 2, 1}).
		Line("η = 2.1", nil, []float64{8, 80, 800, inf})
}

func bowl(x, y float64) float64 { return (x*x + 10*y*y) / 2 }

func plane() *Figure {
	return New("Contours", X("θ₁"), Y("θ₂")).
		Contour("loss L(θ)", bowl).
		Path("η = 0.1", []float64{-2, -1, 0.5, 0}, []float64{1, -0.5, 0.2, 0}).
		Mark("optimum", 0, 0)
}

// text is what an SVG says, without its marks. It fails on SVG that is no XML.
func text(t *testing.T, svg []byte) string {
	t.Helper()
	var out strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		tok, err := d.Token()
		if err == io.EOF {
			return out.String()
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.CharData:
			out.Write(tok)
		case xml.EndElement:
			if tok.Name.Local == "text" || tok.Name.Local == "desc" {
				out.WriteByte('\n')
			}
		}
	}
}

func svgOf(t *testing.T, f *Figure) []byte {
	t.Helper()
	svg, err := f.SVG()
	require.NoError(t, err)
	return svg
}

func TestSVGCarriesLabelsSeriesAndAlternative(t *testing.T) {
	f := curves()
	svg := svgOf(t, f)
	drawn := text(t, svg)
	_, drawn, _ = strings.Cut(drawn, f.Alt()) // what follows <desc>
	for _, s := range []string{"Loss against step\n", "step t\n", "loss L(θ)\n", "η = 0.1\n", "η = 2.1", "diverged at step 3"} {
		require.Contains(t, drawn, s)
	}
	w, h := f.Size()
	require.Contains(t, string(svg), fmt.Sprintf(`width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s"`, w, h, w, h, f.Alt()))
	require.Contains(t, string(svg), "<title>Loss against step</title>")
	require.Contains(t, string(svg), "sans-serif")
	for _, c := range ink.Palette[:2] {
		clr, _ := ink.Hex(c)
		// Once as a curve and once in the legend.
		require.Equal(t, 2, strings.Count(string(svg), `stroke="`+clr+`" stroke-width="2.25"`))
	}
	require.Equal(t, 2, strings.Count(string(svg), `stroke-dasharray="9 4"`), "the second curve is dashed, for gray prints")
	require.True(t, strings.Contains(places.Of(string(svg)), fmt.Sprintf(`<path fill="#ffffff" d="M0 %dL%d %dL%d 0L0 0Z"/>`, h, w, h, w)), "opaque card")
}

func TestNothingInTheSVGIsEscapedTwiceOrNotAtAll(t *testing.T) {
	f := New(`a < b & "c"`, X("x"), Y("y")).Line("<η>", nil, []float64{1, 2})
	require.Contains(t, text(t, svgOf(t, f)), "<η>\n")
}

func TestPNGHasTwiceTheSize(t *testing.T) {
	for _, f := range []*Figure{curves(), plane(), Row(plane(), curves())} {
		b, err := f.PNG()
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		w, h := f.Size()
		require.Equal(t, 2*w, img.Bounds().Dx())
		require.Equal(t, 2*h, img.Bounds().Dy())
		for _, corner := range [][2]int{{0, 0}, {2*w - 1, 0}, {0, 2*h - 1}, {2*w - 1, 2*h - 1}} {
			r, g, bl, a := img.At(corner[0], corner[1]).RGBA()
			require.Equal(t, [4]uint32{0xffff, 0xffff, 0xffff, 0xffff}, [4]uint32{r, g, bl, a})
		}
		// 192 dots per inch are 7559 per meter.
		i := bytes.Index(b, []byte("pHYs"))
		require.Positive(t, i)
		require.EqualValues(t, 7559, binary.BigEndian.Uint32(b[i+4:]))
	}
}

func TestSameFigureSameBytes(t *testing.T) {
	make := []func() *Figure{curves, plane, func() *Figure { return Row(plane(), curves()) }}
	for _, m := range make {
		a, b := m(), m()
		require.Equal(t, svgOf(t, a), svgOf(t, b))
		require.Equal(t, svgOf(t, a), svgOf(t, a))
		p, err := a.PNG()
		require.NoError(t, err)
		q, err := b.PNG()
		require.NoError(t, err)
		require.True(t, bytes.Equal(p, q))
	}
}

func TestMistakesAreSentences(t *testing.T) {
	x, y := X("η"), Y("loss")
	ok := []float64{1, 2, 3}
	for want, f := range map[string]*Figure{
		`vertical axis … Y("loss L")`:              New("t", x).Line("a", nil, ok),
		`horizontal axis … X("step t")`:            New("t", X(""), y).Line("a", nil, ok),
		"Range(2, 1) … finite":                     New("t", x.Range(2, 1), y).Line("a", nil, ok),
		"Range(NaN, 1) … finite":                   New("t", x.Range(nan, 1), y).Line("a", nil, ok),
		"Range(0, 1) … positive":                   New("t", LogX("η").Range(0, 1), y).Line("a", nil, ok),
		"panel … title":                            New("", x, y).Line("a", nil, ok),
		`"t" … empty`:                              New("t", x, y),
		`line "a" … 2 … 3`:                         New("t", x, y).Line("a", []float64{1, 2}, ok),
		`points "a" … data`:                        New("t", x, y).Points("a", nil, nil),
		`line "a" … finite`:                        New("t", x, y).Line("a", nil, []float64{nan, inf}),
		"line … name":                              New("t", x, y).Line("", nil, ok),
		`line "a" … x[1] … NaN`:                    New("t", x, y).Line("a", []float64{1, nan, 3}, ok),
		`line "a" … y[1] … -2 … axis "loss"`:       New("t", x, LogY("loss")).Line("a", nil, []float64{1, -2, 3}),
		`line "a" … y[1] … 0 … axis "loss"`:        New("t", x, LogY("loss")).Line("a", nil, []float64{1, 0, 3}),
		`points "a" … x[0] … 0 … axis "η"`:         New("t", LogX("η"), y).Points("a", nil, ok),
		`band "a" … 3 … 2`:                         New("t", x, y).Band("a", nil, ok, ok[:2]),
		`band "a" … lo[2] … 3 … hi[2] … 2`:         New("t", x, y).Band("a", nil, ok, []float64{1, 2, 2}),
		`line "2/λ" … NaN`:                         New("t", x, y).VLine(nan, "2/λ"),
		`line "2/λ" … 0`:                           New("t", LogX("η"), y).VLine(0, "2/λ"),
		"line … 1 … label":                         New("t", x, y).HLine(1, ""),
		`mark "optimum" … (NaN, 0) … finite`:       plane().Mark("optimum", nan, 0),
		"mark … name":                              plane().Mark("", 0, 0),
		"loss … nil":                               New("t", x, y).Contour("L", nil),
		"contours … label":                         New("t", x, y).Contour("", bowl),
		`"loss L(θ)"`:                              plane().Contour("other", bowl),
		"linear axes":                              New("t", LogX("η"), y).Contour("L", bowl),
		"levels … [1 1]":                           New("t", x, y).Contour("L", bowl, 1, 1),
		"part of the plane":                        New("t", x, y).Contour("L", bowl),
		"level … 3":                                New("t", x.Range(0, 1), y.Range(0, 1)).Contour("L", func(_, _ float64) float64 { return 3 }),
		"levels … [50]":                            New("t", x.Range(0, 1), y.Range(0, 1)).Contour("L", bowl, 50),
		"finite … x … y … [0, 1]":                  New("t", x.Range(0, 1), y.Range(0, 1)).Contour("L", func(_, _ float64) float64 { return nan }),
		`font … U+222E … "∮"`:                      New("∮", x, y).Line("a", nil, ok),
		"0 panels":                                 Row(),
		"panel 2 … nil":                            Row(curves(), nil),
		"panel 2 … row … grid":                     Row(curves(), Row(curves())),
		`panel 2 … "t" … empty`:                    Row(curves(), New("t", x, y)),
		"row … grid … panels only":                 Row(curves()).VLine(1, "a"),
		`arrows "a" … linear`:                      New("t", x, LogY("L")).Arrows("a", ok, ok, ok, ok),
		`arrows "a" … 3 … 2`:                       New("t", x, y).Arrows("a", ok, ok, ok[:2], ok[:2]),
		`arrows "a" … 1 … 3 … 2`:                   New("t", x, y).Arrows("a", ok[:1], ok[:1], ok, ok[:2]),
		`arrows "a" … data`:                        New("t", x, y).Arrows("a", nil, nil, nil, nil),
		`resultant "a" … finite`:                   New("t", x, y).Resultant("a", 0, 0, nan, 0),
		"resultant … name":                         New("t", x, y).Resultant("", 0, 0, 1, 0),
		`ellipse "a" … (0, 0) … -1 … 1 … 0`:        New("t", x, y).Ellipse("a", 0, 0, -1, 1, 0),
		"semi-axes … NaN … 1 … 0 … finite":         New("t", x, y).Ellipse("a", 0, 0, nan, 1, 0),
		"semi-axes … +Inf … 1":                     New("t", x, y).Ellipse("a", 0, 0, inf, 1, 0),
		`ellipse "a" … linear`:                     New("t", LogX("η"), y).Ellipse("a", 1, 1, 1, 1, 0),
		`power law "a" … logarithmic`:              New("t", LogX("η"), y).PowerLaw("a", ok, ok, 1, 1, 0),
		`power law "a" … -1 … positive`:            New("t", LogX("η"), LogY("L")).PowerLaw("a", ok, ok, -1, 1, 0),
		`power law "a" … NaN … finite`:             New("t", LogX("η"), LogY("L")).PowerLaw("a", ok, ok, 1, 1, nan),
		`points "a" … y[0] … -1 … axis "L"`:        New("t", LogX("η"), LogY("L")).PowerLaw("a", ok, []float64{-1, 1, 1}, 1, 1, 0),
		`bundle "a" … runs`:                        New("t", x, y).Bundle("a", nil, nil),
		`bundle "a" … 3 … 2`:                       New("t", x, y).Bundle("a", ok, [][]float64{ok, ok[:2]}),
		`bundle "a" … y[0] … -1 … axis "L"`:        New("t", x, LogY("L")).Bundle("a", nil, [][]float64{{-1, 1}}),
		`theory band "a" … lo[0] … 2 … hi[0] … 1`:  New("t", x, y).TheoryBand("a", nil, []float64{2}, []float64{1}),
		`histogram "a" … 3 … edges … heights`:      New("t", x, y).Bars("a", ok, ok),
		`histogram "a" … heights[1] … NaN`:         New("t", x, y).Bars("a", ok, []float64{1, nan}),
		"edges[1] … 1 … edges[2] … ascending":      New("t", x, y).Bars("a", []float64{0, 1, 1}, ok[:2]),
		"edges[0] … NaN … ascending":               New("t", x, y).Bars("a", []float64{nan, 1}, ok[:1]),
		`histogram "a" … y[0] … -1 … axis "L"`:     New("t", x, LogY("L")).Bars("a", ok[:2], []float64{-1}),
		`stem plot "a" … 0`:                        New("t", x, LogY("L")).Stems("a", nil, ok),
		`intervals "a" … 3 … 2`:                    New("t", x, y).Intervals("a", nil, ok, ok[:2], ok),
		`intervals "a" … 3 … 0`:                    New("t", x, y).Intervals("a", nil, ok, ok, nil),
		"y[1] … 2 … lo[1] … 3 … hi[1] … 4":         New("t", x, y).Intervals("a", nil, ok, []float64{0, 3, 0}, []float64{4, 4, 4}),
		`intervals "a" … y[0] … -1`:                New("t", x, LogY("L")).Intervals("a", nil, []float64{-1}, []float64{-2}, []float64{1}),
		`axis "o" … categories`:                    New("t", X("o").Categories(), y).Line("a", nil, ok),
		`axis "o" … logarithmic … categories`:      New("t", LogX("o").Categories("a"), y).Line("a", nil, ok),
		`axis "o" … Range … categories`:            New("t", X("o").Range(0, 1).Categories("a"), y).Line("a", nil, ok),
		`category … 2 … "a"`:                       New("t", X("o").Categories("a", "a"), y).Line("a", nil, ok),
		`category … 1 … ""`:                        New("t", X("o").Categories(""), y).Line("a", nil, ok),
		`x[2] … 2 … axis "o" … categories … 0 … 1`: New("t", X("o").Categories("a", "b"), y).Line("a", nil, ok),
		"Heat … categories":                        New("t", x, Y("o").Categories("a", "b", "c")).Line("a", nil, ok),
		`contours … "M" … linear`:                  New("t", X("o").Categories("a"), y).Contour("M", bowl),
		"heat map … label":                         New("t", X("o").Categories("a"), Y("w").Categories("b")).Heat("", [][]float64{{1}}),
		`heat map … "L" … Categories`:              New("t", X("o").Categories("a"), y).Heat("L", [][]float64{{1}}),
		`heat map … "L" … 2 … 1 … "w"`:             New("t", X("o").Categories("a"), Y("w").Categories("b")).Heat("L", [][]float64{{1}, {2}}),
		`row … 0 … 2 … axis "o" … 1`:               New("t", X("o").Categories("a"), Y("w").Categories("b")).Heat("L", [][]float64{{1, 2}}),
		`panel … "L"`:                              New("t", X("o").Categories("a"), Y("w").Categories("b")).Heat("L", [][]float64{{1}}).Heat("M", [][]float64{{1}}),
		`font … U+222E … "∮b"`:                     New("t", X("o").Categories("∮b"), y).Line("a", nil, ok[:1]),
		"row … grid … panels … add the data":       Row(curves()).Bundle("a", nil, [][]float64{ok}),
		`line "first" … 1 … 3`:                     New("t", x, y).Line("first", ok[:1], ok).Line("second", ok[:2], ok),
	} {
		_, err := f.SVG()
		says.All(t, err, want)
		_, err = f.PNG()
		says.All(t, err, want)
		w, h := f.Size()
		require.Zero(t, w+h)
		f.Alt() // must not panic
	}
}

func TestADivergedRunSaysSo(t *testing.T) {
	for _, bad := range []float64{nan, inf, -inf} {
		f := New("t", X("step t"), Y("loss")).Line("a", nil, []float64{1, 2, 3, bad, bad})
		require.Contains(t, f.Alt(), "a (line): from 1 to 3, diverged at step 3.")
		require.Contains(t, text(t, svgOf(t, f)), "diverged at step 3\n")
	}
	f := New("t", X("x"), Y("y")).Path("a", []float64{1, 2, nan}, []float64{1, 2, nan}).Mark("o", 0, 0)
	require.Contains(t, text(t, svgOf(t, f)), "a: leaves at step 1, diverged at step 2\n")

	gap := New("t", X("step t"), Y("loss")).Line("a", nil, []float64{1, 2, nan, 3, 4})
	require.NotContains(t, gap.Alt(), "diverged")
	clr, _ := ink.Hex(ink.Palette[0])
	require.Equal(t, 3, strings.Count(string(svgOf(t, gap)), `stroke="`+clr), "two pieces and the legend")

	converged := New("t", X("step t"), LogY("loss")).Line("a", nil, []float64{1, 0.1, 0, 0})
	require.Contains(t, text(t, svgOf(t, converged)), "a: 0 from step 2")
}

// One run that explodes must not squeeze the others into a line.
func TestDivergenceDoesNotSetTheScale(t *testing.T) {
	wild := []float64{1, 1e3, 1e100, 1e300, inf}
	for _, y := range []Axis{Y("loss"), LogY("loss")} {
		f := New("t", X("step t"), y).Line("tame", nil, []float64{1, 0.5, 0.3, 0.2, 0.1}).Line("wild", nil, wild)
		p, err := f.panelOf(commonOf([]*Figure{f}))
		require.NoError(t, err)
		require.Less(t, p.sy.hi, 200.0)
		run := p.stretch(f.marks[1].base())
		require.Equal(t, 1, run.left)
		require.InDelta(t, 1, run.tip.Y, 1e-9, "it leaves through the upper border")
	}
	alone := New("t", X("step t"), LogY("loss")).Line("wild", nil, wild)
	svgOf(t, alone)
}

// A straight flight from the center crosses the border at a known point.
func TestPathsAreCutAtTheBorder(t *testing.T) {
	for _, far := range []float64{1e3, 1e12, 1e150, math.MaxFloat64} {
		f := New("t", X("x").Range(-1, 1), Y("y").Range(-1, 1)).Path("a", []float64{0, far}, []float64{0, far / 2})
		p, err := f.panelOf(commonOf([]*Figure{f}))
		require.NoError(t, err)
		run := p.stretch(f.marks[0].base())
		require.InDelta(t, 1, run.tip.X, 1e-9)
		require.InDelta(t, 0.75, run.tip.Y, 1e-9)
		require.InDelta(t, 0.5, run.dir.Y/run.dir.X, 1e-9)
	}
	// Out for a while and back again is not leaving.
	f := New("t", X("x").Range(-1, 1), Y("y").Range(-1, 1)).Path("a", []float64{0, 3, 0}, []float64{0, 0, 0.5})
	p, err := f.panelOf(commonOf([]*Figure{f}))
	require.NoError(t, err)
	run := p.stretch(f.marks[0].base())
	require.Equal(t, -1, run.left)
	require.Len(t, run.lines, 2)
}

func TestNoCoordinateIsLostOrFarOutside(t *testing.T) {
	wild := []float64{1, -1e308, 1e308, nan, 5, inf, -3, math.MaxFloat64, -math.MaxFloat64}
	for _, f := range []*Figure{
		New("t", X("x"), Y("y")).Line("a", nil, wild),
		New("t", X("x").Range(2, 3), Y("y").Range(-1, 1)).Line("a", nil, wild).Band("b", nil, []float64{-9, -9, -9, -9}, []float64{9, 0, 9, 0}),
		New("t", X("x"), Y("y").Range(-1, 1)).Path("a", wild, wild).Mark("m", 0, 0),
		New("t", X("x"), LogY("y")).Points("a", []float64{1}, []float64{0x1p-1022}),
		New("t", X("x"), Y("y")).Line("a", []float64{3}, []float64{0}),
		New("t", LogX("x"), LogY("y")).Line("a", []float64{1, 1e300}, []float64{1e-300, 1e300}),
	} {
		svg := string(svgOf(t, f))
		require.NotContains(t, svg, "NaN")
		require.NotContains(t, svg, "Inf")
		w, h := f.Size()
		for _, d := range strings.Split(places.Of(svg), ` d="M`)[1:] {
			d, _, _ = strings.Cut(d, `"`)
			for i, v := range strings.FieldsFunc(d, func(r rune) bool { return strings.ContainsRune("MLAZ ", r) }) {
				if strings.Contains(d, "A") {
					break // arcs hold radii and flags
				}
				var c float64
				_, err := fmt.Sscan(v, &c)
				require.NoError(t, err)
				require.GreaterOrEqual(t, c, -1.0)
				require.LessOrEqual(t, c, float64([]int{w, h}[i%2])+1)
			}
		}
	}
}

// The level sets of x² + y² are circles of radius √level. Linear interpolation
// along an edge of length h errs by at most h²/8 · max|f″| / |∇f| = h²/(8r),
// and a chord of length h√2 lies within h²/(4r) of its circle.
func TestContoursOfACircleAreCircles(t *testing.T) {
	c := &contour{values: &values{name: "r²"}, loss: func(x, y float64) float64 { return x*x + y*y }, asked: []float64{0.25, 1, 2.25, 5}}
	s := scale{lo: -2, hi: 2}
	f, err := c.sample(s, s)
	require.NoError(t, err)
	h := 4.0 / cells
	for _, level := range c.asked {
		r := math.Sqrt(level)
		loops := f.loops(level)
		if level == 5 { // cut by the four sides of the frame, corners outside it
			require.Len(t, loops, 4)
		} else { // the circle, and the frame around {f ≥ level}
			require.Len(t, loops, 2)
		}
		n, length := 0, 0.0
		for _, l := range loops {
			for _, line := range l.lines() {
				for i := range line {
					x, y := 4*line[i].X-2, 4*line[i].Y-2
					require.InDelta(t, r, math.Hypot(x, y), h*h/(8*r)+1e-12)
					n++
					if i > 0 {
						length += 4 * line[i].Sub(line[i-1]).Length()
						mid := line[i].Toward(line[i-1], 0.5)
						require.InDelta(t, r, math.Hypot(4*mid.X-2, 4*mid.Y-2), h*h/(4*r)+h*h/(8*r))
					}
				}
			}
		}
		want := 2 * math.Pi * r
		if level == 5 {
			want -= 8 * r * math.Acos(2/r) // the arcs beyond the four sides
		}
		require.InDelta(t, want, length, 0.002*want, "level %v, %d points", level, n)
	}
}

// The area of {f ≥ level}, by the shoelace formula over its borders, is the
// frame's less the disc's: the region lies on the left of its border.
func TestFilledRegionsHaveTheRightArea(t *testing.T) {
	s := scale{lo: -2, hi: 2}
	for level, want := range map[float64]float64{1: 16 - math.Pi, 2.25: 16 - 2.25*math.Pi} {
		c := &contour{values: &values{name: "r²"}, loss: func(x, y float64) float64 { return x*x + y*y }, asked: []float64{level}}
		f, err := c.sample(s, s)
		require.NoError(t, err)
		area := 0.0
		for _, l := range f.loops(level) {
			for i := range l.pts {
				p, q := l.pts[i], l.pts[(i+1)%len(l.pts)]
				area += 16 * (p.X*q.Y - q.X*p.Y) / 2
			}
		}
		require.InDelta(t, want, area, 0.002)
	}
}

// A live process keeps a ground from picture to picture. The pictures stay the same, in another frame and after other losses too.
func TestKeptGroundsAreDrawnAlike(t *testing.T) {
	draw := func(k int) string {
		fig := New("L", X("x").Range(-2, 2), Y("y").Range(-2, 2))
		fig.Contour("L", func(x, y float64) float64 { return x*x + float64(1+k/5%6)*y*y }).Points("at", []float64{float64(k) / 20}, []float64{0})
		switch k % 3 {
		case 1:
			fig = Row(fig, New("beside", X("x"), Y("y")).Line("line", nil, []float64{0, 1}))
		case 2:
			fig.Line("a name that takes room beside the frame", nil, []float64{0, 1})
		}
		svg, err := fig.SVG()
		require.NoError(t, err)
		return string(svg)
	}
	var alone []string
	for k := range 40 {
		alone = append(alone, draw(k))
	}
	defer func(was bool) { live.Process, reliefs.last = was, nil }(live.Process)
	live.Process = true
	for k := range 40 {
		require.Equal(t, alone[k], draw(k), k)
	}
	require.Len(t, reliefs.last, mostReliefs)
}

// {xy = ±ε} is a hyperbola with a branch in each of two quadrants. The cell
// around the origin has two corners above the level and two below.
func TestSaddleLinesDoNotCross(t *testing.T) {
	s := scale{lo: -1.013, hi: 1} // no node on the axes
	for _, level := range []float64{1e-5, -1e-5} {
		f, err := (&contour{values: &values{name: "xy"}, loss: func(x, y float64) float64 { return x * y }, asked: []float64{level}}).sample(s, s)
		require.NoError(t, err)
		lines := 0
		for _, l := range f.loops(level) {
			for _, line := range l.lines() {
				lines++
				for _, p := range line {
					require.Equal(t, line[0].X*2.013 > 1.013, p.X*2.013 > 1.013, "a branch stays in its quadrant")
				}
			}
		}
		require.Equal(t, 2, lines)
	}
}

// What the first drawing computed must not outlive a change of the frame.
func TestDrawingTwiceIsDrawingOnce(t *testing.T) {
	far := func(f *Figure) *Figure { return f.Path("far", []float64{-9, -1}, []float64{4, 0}) }
	f := plane()
	svgOf(t, f)
	require.Equal(t, svgOf(t, far(plane())), svgOf(t, far(f)))
}

func TestWordsBesideACurveCoverNothing(t *testing.T) {
	f := New("t", X("step t"), LogY("loss"))
	f.Line("steady", nil, []float64{9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1, 1})
	for k := range 6 {
		f.Line(fmt.Sprint("run ", k), nil, []float64{9, 9 + float64(9*k), 9 + float64(40*k), 9 + float64(100*k), nan})
	}
	f.Line("up", nil, []float64{9, 1e9}).VLine(6, "here")
	l, err := f.layout()
	require.NoError(t, err)
	p := l.panels[0]
	require.NotEmpty(t, p.labels)
	require.NotEmpty(t, p.noted, "some find no room")
	for i, words := range p.labels {
		box := Rect{Min: words.at, Max: At(words.at.X+ink.Width(ink.Sized(ink.Regular, tickSize), words.text), words.at.Y+0.7*tickSize)}
		require.True(t, p.frame.Has(box.Min) && p.frame.Has(box.Max))
		for _, s := range f.marks[:8] { // the curves
			for _, line := range p.stretch(s.base()).lines {
				require.False(t, crosses(box, [][]Point{p.placeAll(line)}), "%q lies on %q", words.text, s.Name())
			}
		}
		for _, other := range p.labels[:i] {
			require.False(t, box.Has(other.at))
		}
	}
	_, drawn, _ := strings.Cut(text(t, svgOf(t, f)), f.Alt())
	require.Equal(t, 6, strings.Count(drawn, "diverged"), "each is told once")
}

func TestChosenLevelsAreRound(t *testing.T) {
	s := scale{lo: -2, hi: 2}
	for _, k := range []struct {
		f    func(x, y float64) float64
		want []float64
		log  bool
	}{
		{bowl, []float64{0.1, 0.3, 1, 3, 10}, true},
		{func(x, y float64) float64 { return x }, []float64{-1.5, -1, -0.5, 0, 0.5, 1, 1.5}, false},
		{func(x, y float64) float64 { return 1 + (x*x+y*y)/8 }, []float64{1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9}, false},
	} {
		f, err := (&contour{values: &values{name: "L"}, loss: k.f}).sample(s, s)
		require.NoError(t, err)
		require.Equal(t, k.log, f.log)
		require.InDeltaSlice(t, k.want, f.levels, 1e-12)
	}
}

func TestLongRunsStayLight(t *testing.T) {
	f := New("t", X("step t"), LogY("loss"))
	r := rand.New(rand.NewPCG(3, 4))
	for k := range 4 {
		ys := make([]float64, 50000)
		for i := range ys {
			ys[i] = math.Exp(r.NormFloat64() - float64(i)/20000)
		}
		f.Line(fmt.Sprint("run ", k), nil, ys)
	}
	require.Less(t, len(svgOf(t, f)), 200_000)
}

func TestTicks(t *testing.T) {
	for _, k := range []struct {
		s    scale
		want string
	}{
		{scale{false, 0, 100}, "0 20 40 60 80 100"},
		{scale{false, -3.1, 3.1}, "−2 0 2"},
		{scale{false, 0, 0.24}, "0 0.05 0.10 0.15 0.20"},
		{scale{false, 0, 3e7}, "0 0.5·10⁷ 1.0·10⁷"},
		{scale{false, 2e-5, 4e-5}, "2.0·10⁻⁵"},
		{scale{true, 1e-3, 100}, "10⁻³ 10⁻² 10⁻¹ 1 10 10²"},
		{scale{true, 1e-20, 1}, "10⁻¹⁸ 10⁻¹⁵ 10⁻¹²"},
		{scale{true, 1, 1e300}, "1 10⁵⁰ 10¹⁰⁰"},
		{scale{true, 0.3, 7}, "0.5 1 2 5"},
		{scale{true, 0.31, 0.39}, "0.32 0.34 0.36 0.38"},
	} {
		var got []string
		for _, tk := range k.s.ticks() {
			require.GreaterOrEqual(t, k.s.norm(tk.at), -1e-9)
			require.LessOrEqual(t, k.s.norm(tk.at), 1+1e-9)
			if tk.label != "" {
				got = append(got, tk.label)
			}
		}
		require.True(t, strings.HasPrefix(strings.Join(got, " "), k.want), "%v: %v", k.s, got)
		require.GreaterOrEqual(t, len(got), 2)
		require.LessOrEqual(t, len(got), 9)
	}
}

func TestRowSharesColorsAxesAndColorBar(t *testing.T) {
	a, b := plane(), plane()
	b.title = "Again"
	svg := svgOf(t, Row(a, b))
	s := text(t, svg)
	require.Equal(t, 1, strings.Count(s, "loss L(θ)\n"), "one color bar")
	require.Equal(t, 1, strings.Count(s, "θ2\n"), "one vertical axis with numbers")
	require.Equal(t, 2, strings.Count(s, "θ1\n"))
	require.Equal(t, 2, strings.Count(s, "η = 0.1\n"))
	require.Equal(t, 1, strings.Count(s, "\noptimum\n"), "explained once")
	second, _ := ink.Hex(ink.Palette[1])
	require.NotContains(t, string(svg), second, "the same name has the same color")
}

func TestDataAreCopied(t *testing.T) {
	ys := []float64{1, 2, 3}
	f := New("t", X("x"), Y("y")).Line("a", nil, ys)
	before := svgOf(t, f)
	ys[1] = 100
	require.Equal(t, before, svgOf(t, f))
}

func TestDescribeReplacesAlt(t *testing.T) {
	f := curves().Describe("The loss falls.")
	require.Equal(t, "The loss falls.", f.Alt())
	require.Contains(t, string(svgOf(t, f)), `aria-label="The loss falls."`)
}

// A picture is shown sooner if its SVG and its PNG are drawn at the same time, as lab.Show does. The race detector
// watches what they share.
func TestBothKindsAtTheSameTime(t *testing.T) {
	bowl := func(x, y float64) float64 { return x*x + 10*y*y }
	one := New("bowl", X("x").Range(-1, 1), Y("y").Range(-1, 1)).Contour("loss", bowl).Mark("optimum", 0, 0)
	for range 3 {
		f := Row(one.Copy().Path("a", []float64{0, 0.5}, []float64{0, 0.5}), one.Copy())
		var svg, png []byte
		var both sync.WaitGroup
		both.Go(func() { svg, _ = f.SVG() })
		both.Go(func() { png, _ = f.PNG() })
		both.Wait()
		svg2, err := f.SVG()
		require.NoError(t, err)
		png2, err := f.PNG()
		require.NoError(t, err)
		require.Equal(t, svg2, svg)
		require.Equal(t, png2, png)
	}
}

// A long label is written in smaller letters and lies in the picture, or is refused.
func TestLongLabels(t *testing.T) {
	label := func(letters int) string {
		return strings.TrimSpace(strings.Repeat("a loss per example ", 20)[:letters])
	}
	long := func(x, y string, panels int) ([]byte, int, int, error) {
		all := make([]*Figure, panels)
		for i := range all {
			all[i] = New("t", X(x), Y(y).Range(0, float64(i+1))).Line("a", nil, []float64{0, 1})
		}
		f := Row(all...)
		w, h := f.Size()
		svg, err := f.SVG()
		return svg, w, h, err
	}
	text := regexp.MustCompile(`x="([\d.-]+)" y="[\d.-]+" font-size="([\d.]+)" fill="#222222" textLength="([\d.]+)"[^>]*>(a loss[^<]*)<`)
	number := func(b []byte) float64 {
		v, err := strconv.ParseFloat(string(b), 64)
		require.NoError(t, err)
		return v
	}
	for _, letters := range []int{66, 75} {
		svg, _, h, err := long("x", label(letters), 1)
		require.NoError(t, err)
		found := text.FindSubmatch(svg)
		require.NotNil(t, found)
		assert.Less(t, number(found[2]), 16.0)
		assert.Less(t, number(found[3]), float64(h))
		at := regexp.MustCompile(`translate\([\d.]+ -([\d.]+)\)"><g transform="rotate\(-90 0 \d+\)"><text `).FindSubmatch(svg)
		require.NotNil(t, at, "where the label begins, from below")
		assert.Less(t, number(at[1])+number(found[3]), float64(h))
	}
	svg, w, _, err := long(label(115), "y", 1)
	require.NoError(t, err)
	found := text.FindSubmatch(svg)
	assert.Less(t, number(found[1])+number(found[3]), float64(w))
	assert.Positive(t, number(found[1]))
	svg, _, _, err = long(label(31), "y", 4)
	require.NoError(t, err)
	all := text.FindAllSubmatch(svg, -1)
	require.Len(t, all, 4)
	for i := range all[1:] {
		assert.Less(t, number(all[i][1])+number(all[i][3]), number(all[i+1][1]), "panel %d", i)
	}
	for _, bad := range [][2]string{{label(200), "y"}, {"x", label(120)}} {
		_, _, _, err := long(bad[0], bad[1], 1)
		assert.ErrorContains(t, err, "is too long for its axis or color bar; shorten it")
	}
	plane := New("t", X("x").Range(0, 1), Y("y").Range(0, 1))
	_, err = plane.Contour(label(120), func(x, y float64) float64 { return x + y }).SVG()
	assert.ErrorContains(t, err, "is too long for its axis or color bar; shorten it")
}
