package lecture_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// drawn is what a picture shows, in words; a picture that cannot be drawn fails.
func drawn(t *testing.T, fig *figure.Figure) string {
	t.Helper()
	_, err := fig.SVG()
	require.NoError(t, err)
	return fig.Alt()
}

func TestElbowsAreDrawnWithTheirKnots(t *testing.T) {
	words := drawn(t, lecture.DrawElbows(relu.Elbow{V: -1, W: 2, B: -1}, relu.Elbow{V: 1, W: -1, B: -1}))
	require.Contains(t, words, "yours (line): from −0 to −3.")
	require.Contains(t, words, "Star at (0.5, 0)")
	require.Contains(t, words, "w = −1, b = −1, v = 1 (line): from 1 to 0.")
	require.Contains(t, words, "Star at (−1, 0)")
	for _, without := range []relu.Elbow{{V: 1, B: 1}, {V: 1, W: 1, B: 5}, {}} {
		require.NotContains(t, drawn(t, lecture.DrawElbows(without)), "Star", "%v has no knot there", without)
		drawn(t, lecture.DrawElbowGradient(without))
	}
	words = drawn(t, lecture.DrawElbowGradient(relu.Elbow{V: -1, W: 2, B: -1}))
	require.Contains(t, words, "∂/∂v (line): from 0 to 3. ∂/∂w (line): from 0 to −2. ∂/∂b (line): from 0 to −1.")
}

func TestPartsOfANet(t *testing.T) {
	net, err := relu.Uniform(line.F, 0, 1, 20)
	require.NoError(t, err)
	words := drawn(t, lecture.DrawParts(net, line))
	require.Contains(t, words, "elbow 12 (line)")
	require.NotContains(t, words, "elbow 13")
	require.Panics(t, func() { lecture.DrawParts(relu.Sawtooth(2), line) })
}

func TestTailInWords(t *testing.T) {
	ds := []float64{1, 2, 4, 8, 16, 32}
	fig := func() *figure.Figure { return figure.New("errors", figure.LogX("d"), figure.LogY("error")) }
	of := func(f func(d float64) float64) []float64 { return figure.Column(ds, f) }
	falling := fig()
	require.Equal(t, "the error falls like d^-2.00; at d = 32 it is 0.0029",
		lecture.DrawTail(falling, "a", ds, of(func(d float64) float64 { return 3 / d / d })))
	require.Contains(t, drawn(t, falling), "slope −2.00")
	flat := fig()
	require.Equal(t, "no power law; at d = 32 the error is 0.5", lecture.DrawTail(flat, "a", ds, of(func(float64) float64 { return 0.5 })))
	require.NotContains(t, drawn(t, flat), "slope")
	short := fig()
	require.Equal(t, "no power law", lecture.DrawTail(short, "a", ds, []float64{1}))
	_, err := short.SVG()
	require.ErrorContains(t, err, "6 x values but 1 y values")
}

func TestSpread(t *testing.T) {
	values := []float64{4, 1, 3, 2, 5}
	require.Equal(t, stat.Interval{Value: 3, Low: 2, High: 4}, lecture.Spread(values, 0.25))
	require.Equal(t, stat.Interval{Value: 3, Low: 1, High: 5}, lecture.Spread(values, 0))
	none := lecture.Spread(nil, 0.25)
	require.True(t, math.IsNaN(none.Value) && math.IsNaN(none.Low) && math.IsNaN(none.High))
	require.Panics(t, func() { lecture.Spread(values, 2) })
}

// Two pieces are two units with one knot, which is found wherever it is.
func TestBestKnotsOfTwoPieces(t *testing.T) {
	kink := line
	kink.F = func(x float64) float64 { return math.Abs(x - 0.3) }
	net, err := lecture.BestKnots(kink, 2)
	require.NoError(t, err)
	require.InDelta(t, 0, lecture.MaxDifference(net.At, kink.F, 0, 1), 1e-9)
	_, err = lecture.BestKnots(kink, 0)
	require.Error(t, err)
}

func TestGapsWhereTrainingDiverged(t *testing.T) {
	net, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	found := &lecture.Gap{Width: 4, Constructed: 0.2, Free: 0, BestFree: net, Best: net, Trained: stat.Interval{Value: 0.4, Low: 0.3, High: 0.5}}
	lost := &lecture.Gap{Width: 8, Constructed: 0.1, Free: 0.05, BestFree: net, Trained: lecture.Spread(nil, 0.25)}
	require.Equal(t, "width 4  equal distances 0.2, best knots 1e-09; trained: median 0.4.", found.String())
	require.Equal(t, "width 8  every training run diverged.", lost.String())
	require.Contains(t, drawn(t, lecture.DrawGaps([]*lecture.Gap{found, lost})), "diverged at 8")
	require.Contains(t, drawn(t, found.Graph(line)), "best one trained")
	require.NotContains(t, drawn(t, lost.Graph(line)), "best one trained")
}
