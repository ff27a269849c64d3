package figure

import (
	"strings"
	"testing"

	"descent.example/pkg/figure/internal/ink"
	"github.com/stretchr/testify/require"
)

func table(z ...[]float64) *Figure {
	f := New("Loss", X("optimizer").Categories("SGD", "Adam", "RMSProp"), Y("width").Categories("10", "40"))
	return f.Heat("training loss", z)
}

func TestHeatShowsEveryNumberInItsCell(t *testing.T) {
	f := table([]float64{0.5, 0.02, 0.000519}, []float64{0.25, inf, 1e-5})
	l, err := f.layout()
	require.NoError(t, err)
	p := l.panels[0]
	require.True(t, p.bar.(*shaded).log)
	ops, err := ink.Record(func(c Pen) { p.bar.Draw(c, p) })
	require.NoError(t, err)
	texts := map[string]ink.Op{}
	for i, o := range ops {
		if o.Text != "" {
			texts[o.Text] = o
			require.Equal(t, inkOn(ops[i-1].Style.Color), o.Style.Color)
			require.GreaterOrEqual(t, o.Face.Font.Size.Points(), 11.0, "8 pt")
		}
	}
	require.Len(t, texts, 6)
	for _, s := range []string{"0.5", "0.02", "0.000519", "0.25", "diverged", "10⁻⁵"} {
		require.Contains(t, texts, s)
	}
	require.Greater(t, texts["0.5"].At.Y, texts["0.25"].At.Y, "the first row is on top")
	require.Less(t, texts["0.25"].At.X, texts["diverged"].At.X)
	require.Contains(t, f.Alt(), "Table of training loss. 10: SGD 0.5, Adam 0.02, RMSProp 0.000519. 40: SGD 0.25, Adam diverged, RMSProp 10⁻⁵.")
	drawn := text(t, svgOf(t, f))
	_, drawn, _ = strings.Cut(drawn, f.Alt())
	for _, s := range []string{"training loss\n", "optimizer\n", "width\n", "10-1\n", "10-4\n"} {
		require.Contains(t, strings.ReplaceAll(drawn, "−", "-"), s)
	}
}

// Who sees no color sees the order by lightness; whoever reads can read.
func TestHeatIsReadable(t *testing.T) {
	before := 2.0
	for i := range 101 {
		clr := blend(float64(i) / 100)
		l := luminance(clr)
		require.Less(t, l, before, "darker step by step")
		before = l
		a, b := l+0.05, luminance(inkOn(clr))+0.05
		require.GreaterOrEqual(t, max(a, b)/min(a, b), 4.5, "the contrast that WCAG 2 asks of text")
	}
	require.InDelta(t, 1, luminance(ink.White), 1e-12)
}

func TestHeatMapsOfARowShareTheirShades(t *testing.T) {
	a, b := table([]float64{1, 2, 3}, []float64{4, 5, 6}), table([]float64{1, 2, 3}, []float64{4, 5, 12})
	l, err := Row(a, b).layout()
	require.NoError(t, err)
	require.Equal(t, l.panels[0].bar.(*shaded).shades, l.panels[1].bar.(*shaded).shades)
	require.Equal(t, 12.0, l.panels[0].bar.(*shaded).hi)
	require.Equal(t, 1, strings.Count(text(t, svgOf(t, Row(a, b))), "training loss\n"), "one bar explains both")
	require.Equal(t, 1, strings.Count(text(t, svgOf(t, Row(a, b))), "width\n"))
}

func TestHeatOfOneNumberOrNone(t *testing.T) {
	one := table([]float64{2, 2, 2}, []float64{2, 2, 2})
	require.Contains(t, text(t, svgOf(t, one)), "2\n")
	none := table([]float64{nan, inf, nan}, []float64{nan, nan, -inf})
	require.Equal(t, 6, strings.Count(text(t, svgOf(t, none)), "diverged\n"))
}

// A sweep of very many cells has no room for numbers, which Alt has.
func TestHeatOfManyCells(t *testing.T) {
	names := make([]string, 60)
	z := [][]float64{make([]float64, len(names))}
	for i := range names {
		names[i], z[0][i] = string(rune('A'+i%26))+string(rune('a'+i/26)), 1.5+float64(i)
	}
	z[0][7] = nan
	f := New("t", X("seed").Categories(names...), Y("width").Categories("10")).Heat("loss", z)
	l, err := f.layout()
	require.NoError(t, err)
	ops, err := ink.Record(func(c Pen) { l.panels[0].bar.Draw(c, l.panels[0]) })
	require.NoError(t, err)
	crosses := 0
	for _, o := range ops {
		require.Empty(t, o.Text)
		if o.Style.Color == ink.Dark {
			crosses++
		}
	}
	require.Equal(t, 2, crosses, "two strokes, in the cell that has no number")
	require.Contains(t, f.Alt(), "Ga 7.5, Ha diverged, Ia 9.5")
}

func TestCellText(t *testing.T) {
	for want, v := range map[string]float64{"0.000519": 5.19e-4, "5.19·10⁻⁵": 5.187e-5, "12345": 12345, "1.23·10⁷": 12345678, "−0.5": -0.5, "0": 0} {
		require.Equal(t, want, cellText(v, 3))
	}
}
