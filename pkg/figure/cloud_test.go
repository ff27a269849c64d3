package figure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure"
)

// A cloud lies below the curve that goes through it, and all its points are one path; a bundle's curves are paler than strands.
func TestCloudsAndStrands(t *testing.T) {
	xs := figure.Between(0, 1)
	svg := func(f *figure.Figure) string {
		out, err := f.SVG()
		require.NoError(t, err)
		return string(out)
	}
	blank := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")) }
	net := svg(blank().Line("net", xs, xs).Cloud("examples", xs, xs))
	dots, curve := strings.LastIndex(net, `fill="#d55e00"`), strings.LastIndex(net, `fill="none" stroke="#0072b2" stroke-width="2.25"`)
	require.Positive(t, dots)
	require.Less(t, dots, curve)
	require.Equal(t, 2, strings.Count(net, `fill="#d55e00"`), "the cloud, and its sign in the legend")

	runs := [][]float64{{0, 1}, {1, 0}}
	strands, bundle := svg(blank().Strands("elbows", nil, runs)), svg(blank().Bundle("elbows", nil, runs))
	require.Equal(t, 3, strings.Count(strands, `stroke-opacity="0.78"`))
	require.NotContains(t, bundle, `stroke-opacity="0.78"`)
}
