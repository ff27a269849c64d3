package figure_test

import (
	"strings"
	"testing"

	"descent.example/pkg/figure"
	"github.com/stretchr/testify/require"
)

// What of a segment lies beyond the frame is not drawn, and low panels make a lower picture.
func TestSegmentsAndLowPanels(t *testing.T) {
	plane := func(to float64) *figure.Figure {
		return figure.New("t", figure.X("x").Range(0, 1), figure.Y("y").Range(0, 1)).Segments("folds", [][2]float64{{0, 0}}, [][2]float64{{to, to}})
	}
	svg := func(f *figure.Figure) string {
		out, err := f.SVG()
		require.NoError(t, err)
		return string(out)
	}
	require.Equal(t, strings.Count(svg(plane(1)), "<path"), strings.Count(svg(plane(2)), "<path"))
	require.Contains(t, plane(1).Alt(), "1 straight line")
	_, err := plane(1).Segments("more", nil, nil).SVG()
	require.Error(t, err)

	panel := func() *figure.Figure {
		return figure.New("t", figure.X("x"), figure.Y("y")).Line("l", nil, []float64{1, 2})
	}
	_, usual := figure.Row(panel(), panel()).Size()
	_, mixed := figure.Row(panel(), panel().Low()).Size()
	_, low := figure.Row(panel().Low(), panel().Low()).Size()
	require.Equal(t, usual, mixed)
	require.Less(t, low, usual-100)
}
