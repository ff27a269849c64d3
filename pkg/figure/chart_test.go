package figure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent.example/pkg/figure/internal/ink"
	"github.com/stretchr/testify/require"
)

func TestPowerLawIsDrawnThroughItsPoints(t *testing.T) {
	f := New("t", LogX("batch size b"), LogY("variance")).
		PowerLaw("noise", []float64{1, 4, 100}, []float64{3, 0.75, 0.03}, 3, -1, 0.02)
	p, ops := strokesOf(t, f)
	law := in(ops, ink16(0), false)
	require.Len(t, law, 1)
	for i, want := range []Point{place(p, 1, 3), place(p, 100, 0.03)} {
		samePlace(t, want, law[0].Lines[0][i])
	}
	require.Len(t, in(ops, ink16(0), true), 3, "its points")
	s := text(t, svgOf(t, f))
	require.Contains(t, s, "noise: slope −1.00 ± 0.02\n")
	require.Contains(t, f.Alt(), "noise (fitted power law): slope −1.00 ± 0.02.")

	// A thousandfold growth is what a power law is for, not a run that explodes.
	growing := New("t", LogX("‖Δ‖"), LogY("error")).HLine(1e-6, "10 %").
		PowerLaw("error", []float64{1e-3, 1e-2, 1}, []float64{1e-7, 1e-5, 0.1}, 0.1, 2, 0.1)
	p, _ = strokesOf(t, growing)
	require.Greater(t, p.sy.hi, 0.1)
}

func TestPlusMinus(t *testing.T) {
	for _, k := range []struct {
		v, half float64
		want    string
	}{
		{-1, 0.02, "−1.00 ± 0.02"}, {-0.987654, 0.0123, "−0.988 ± 0.012"}, {2.004, 0.2, "2.0 ± 0.2"},
		{-1.5, 3, "−2 ± 3"}, {-0.5, 0, "−0.50"}, {1, 1e-9, "1.000000 ± 0.000000"},
	} {
		require.Equal(t, k.want, plusMinus(k.v, k.half))
	}
}

func TestBundleIsPaleBelowItsMean(t *testing.T) {
	runs := [][]float64{{3, 2, 1}, {3, 1, 0.5}, {3, 30, inf}}
	f := New("t", X("step t"), Y("loss")).Line("SGD", nil, []float64{3, 1.5, 0.75}).Bundle("SGD", nil, runs)
	_, ops := strokesOf(t, f)
	lines := in(ops, ink16(0), false)
	require.Len(t, lines, 3+1+2, "the runs, their mean, and a cross where one ends")
	for i, o := range lines {
		switch {
		case i < 3:
			require.Less(t, o.Style.Color.A, uint8(0x80))
			require.Less(t, o.Style.Width, 1.2)
		case i == 3:
			require.Equal(t, uint8(0xff), o.Style.Color.A)
			require.Equal(t, 2.25, o.Style.Width)
		}
	}
	s := text(t, svgOf(t, f))
	_, s, _ = strings.Cut(s, f.Alt())
	require.Equal(t, 1, strings.Count(s, "SGD"), "one entry in the legend")
	require.Contains(t, s, "SGD: 1 of 3 diverged\n")
	require.Contains(t, f.Alt(), "SGD (bundle of 3): from 3 to between 0.5 and 30, 1 of 3 diverged.")
	require.Equal(t, 1, strings.Count(f.Alt(), "bundle"))

	flat := New("t", X("step t"), LogY("loss")).Bundle("a", nil, [][]float64{{3, 1, 0}, {3, 2, 1}})
	require.Contains(t, flat.Alt(), "from 3 to 1, 1 of 2 ended in 0.")
}

func TestBundlesStayLight(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	runs := make([][]float64, 30)
	for k := range runs {
		for i := range 20000 {
			runs[k] = append(runs[k], math.Exp(r.NormFloat64()-float64(i)/9000))
		}
	}
	f := New("t", X("step t"), LogY("loss")).Bundle("30 seeds", nil, runs)
	require.Less(t, len(svgOf(t, f)), 500_000)
}

func TestBarsStandOnZero(t *testing.T) {
	f := New("t", X("times drawn"), Y("examples")).Bars("with replacement", []float64{0, 1, 3, 4}, []float64{5, 0, 2})
	p, ops := strokesOf(t, f)
	require.Zero(t, p.sy.lo)
	boxes := in(ops, ink16(0), true)
	require.Len(t, boxes, 2, "a height of 0 is no bar")
	for i, want := range [][3]float64{{0, 1, 5}, {3, 4, 2}} {
		low, high := place(p, want[0], 0), place(p, want[1], want[2])
		samePlace(t, low, boxes[i].Lines[0][0])
		samePlace(t, high, boxes[i].Lines[0][2])
	}
	require.Contains(t, f.Alt(), "with replacement (histogram of 3 bars): from 0 to 4, the highest, 5, from 0 to 1.")
	log := New("t", X("x"), LogY("y")).Bars("a", []float64{0, 1, 2}, []float64{10, 0})
	p, _ = strokesOf(t, log)
	require.Positive(t, p.sy.lo)
}

type dark struct{} // the color of theory

func (dark) String() string { h, _ := ink.Hex(ink.Dark); return h }

func TestStemsStandSideBySideOnZero(t *testing.T) {
	f := New("t", X("lag k"), Y("autocorrelation")).TheoryBand("95 %", nil, []float64{-0.1, -0.1, -0.1}, []float64{0.1, 0.1, 0.1}).
		Stems("GD", nil, []float64{1, -0.9, 0.8}).Stems("SGD", nil, []float64{1, 0.05, -0.02})
	p, ops := strokesOf(t, f)
	a, b := slices.Concat(in(ops, ink16(0), false)[0].Lines...), slices.Concat(in(ops, ink16(1), false)[0].Lines...)
	require.Len(t, a, 6)
	floor := place(p, 0, 0).Y
	for i := 0; i < 6; i += 2 {
		require.InDelta(t, floor, a[i].Y, 1e-9)
		require.Equal(t, a[i].X, a[i+1].X)
		require.InDelta(t, 7.0, b[i].X-a[i].X, 1e-9)
		require.InDelta(t, place(p, float64(i/2), 0).X, (a[i].X+b[i].X)/2, 1e-9, "around the lag")
	}
	require.InDelta(t, place(p, 1, -0.9).Y, a[3].Y, 1e-9)
	require.True(t, p.frame.Has(At(a[0].X-4, floor)), "the first does not touch the axis")
	require.Contains(t, f.Alt(), "95 % (theory band): from −0.1 to 0.1 to −0.1 to 0.1. GD (stem plot): from 1 to 0.8.")
	black, _ := ink.Hex(ink.Dark)
	require.Contains(t, string(svgOf(t, f)), `fill="`+black+`" fill-opacity="0.13"`, "what theory says has no color")
	require.Len(t, in(ops, dark{}, true), 1, "the band, and no rim of width 0, which a PNG would fill")
}

func TestIntervals(t *testing.T) {
	names := []string{"SGD", "heavy ball", "Adam"}
	f := New("t", X("optimizer").Categories(names...), LogY("loss")).
		Intervals("constant", nil, []float64{0.5, 0.1, nan}, []float64{0.4, -0.1, nan}, []float64{0.6, 0.3, nan}).
		Intervals("cosine", nil, []float64{0.2, 0.02, 0.03}, []float64{0.1, 0.01, 0.02}, []float64{0.4, 0.03, 0.05})
	p, ops := strokesOf(t, f)
	lines := in(ops, ink16(0), false)
	require.Len(t, lines, 1+2, "whiskers and a cross")
	whisker := slices.Concat(lines[2].Lines...)
	require.InDelta(t, place(p, 0, 0.4).Y, whisker[0].Y, 1e-9)
	require.InDelta(t, place(p, 0, 0.6).Y, whisker[1].Y, 1e-9)
	require.InDelta(t, place(p, 1, p.sy.lo).Y, whisker[6].Y, 1e-9, "an end below 0 lies beyond the border of a logarithmic axis")
	other := slices.Concat(in(ops, ink16(1), false)[0].Lines...)
	require.Greater(t, other[0].X, whisker[0].X+5, "side by side")
	s := text(t, svgOf(t, f))
	_, s, _ = strings.Cut(s, f.Alt())
	require.Contains(t, s, "constant: diverged at Adam\n")
	for _, n := range names {
		require.Contains(t, s, n+"\n")
	}
	require.Contains(t, f.Alt(), "Horizontal axis: optimizer, with SGD, heavy ball, Adam.")
	require.Contains(t, f.Alt(), "constant (values with intervals): SGD 0.5 (0.4 to 0.6), heavy ball 0.1 (−0.1 to 0.3), diverged at Adam.")

	plain := New("t", LogX("n"), Y("difference")).Intervals("d", []float64{10, 100}, []float64{1, 0.1}, []float64{0.5, -0.1}, []float64{2, 0.2})
	require.Contains(t, plain.Alt(), "d (values with intervals): from 1 (0.5 to 2) to 0.1 (−0.1 to 0.2).")
	p, _ = strokesOf(t, plain)
	require.Less(t, p.sy.lo, -0.1)
	require.Greater(t, p.sy.hi, 2.0)
}

// However long the names, none touches another, and all are below the axis.
func TestCategoriesDoNotTouch(t *testing.T) {
	for n := 1; n <= 14; n++ {
		var names []string
		var ys []float64
		for i := range n {
			names = append(names, fmt.Sprint([]string{"SGD", "one-cycle with warm-up", "exponentially", "1/t"}[i%4], " ", i))
			ys = append(ys, float64(i+1))
		}
		f := New("t", X("schedule").Categories(names...), Y("loss")).Points("a", nil, ys)
		l, err := f.layout()
		require.NoError(t, err)
		p := l.panels[0]
		ops, err := ink.Record(p.drawCategories)
		require.NoError(t, err)
		var boxes []ink.Rect
		for _, o := range ops {
			if o.Text == "" {
				continue
			}
			low := At(o.At.X-1, o.At.Y-3)
			box := Rect{Min: low, Max: At(o.At.X+ink.Width(o.Face, o.Text)+1, low.Y+tickSize)}
			require.Less(t, box.Max.Y, p.frame.Min.Y)
			require.Greater(t, box.Min.Y, p.frame.Min.Y-p.bottom+labelSize, "above the label of the axis")
			for _, b := range boxes {
				apart := box.Min.X > b.Max.X || b.Min.X > box.Max.X || box.Min.Y > b.Max.Y-4 || b.Min.Y > box.Max.Y-4
				require.True(t, apart, "%d names: %q", n, o.Text)
			}
			boxes = append(boxes, box)
		}
		for _, name := range names {
			for _, word := range strings.Fields(name) {
				require.Contains(t, text(t, svgOf(t, f)), word)
			}
		}
	}
}

// A seed that diverged at once does not hide the others.
func TestABundleWithARunThatIsNowhereFinite(t *testing.T) {
	nan := math.NaN()
	f := New("t", X("step t"), Y("loss")).Bundle("SGD", nil, [][]float64{{nan, nan}, {3, 1}, {3, 2}})
	_, err := f.SVG()
	require.NoError(t, err)
	require.Contains(t, f.Alt(), "SGD (bundle of 3): from 3 to between 1 and 2, 1 of 3 diverged")
	_, err = New("t", X("step t"), Y("loss")).Bundle("SGD", nil, [][]float64{{nan, nan}}).SVG()
	require.ErrorContains(t, err, "no finite value to draw")
}
