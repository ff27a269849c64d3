package figure_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"descent.example/pkg/figure"
)

type interval struct{ Value, Low, High float64 }

func TestEstimatesAreDrawnWithTheirEnds(t *testing.T) {
	axes := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")) }
	estimates := []interval{{2, 1, 3}, {4, 3, 6}}
	values, low, high := figure.Ends(estimates)
	assert.Equal(t, svgOf(t, axes().Points("p", nil, values)), svgOf(t, axes().Points("p", nil, estimates)))
	assert.Equal(t, svgOf(t, axes().Intervals("p", nil, values, low, high)), svgOf(t, axes().ConfidenceIntervals("p", nil, estimates)))
	assert.Equal(t, svgOf(t, axes().Band("p", nil, low, high)), svgOf(t, axes().ConfidenceBand("p", nil, estimates)))
	for _, f := range []*figure.Figure{axes().ConfidenceIntervals("p", nil, values), axes().ConfidenceBand("p", nil, nil)} {
		_, err := f.SVG()
		assert.ErrorContains(t, err, "is no slice of estimates")
	}
}

// One run says nothing about how sure its value is.
func TestOneRunHasNoInterval(t *testing.T) {
	axes := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")) }
	single := []interval{{2, 2, 2}, {4, 4, 4}}
	alone := axes().ConfidenceIntervals("p", nil, single)
	assert.Contains(t, alone.Alt(), "from 2 to 4.")
	assert.NotContains(t, svgOf(t, alone), "<line", "no whisker, here or in the legend")
	points := axes().Points("p", nil, single)
	assert.Equal(t, svgOf(t, points), svgOf(t, points.ConfidenceBand("95 %", nil, single)))
}

func TestPlane(t *testing.T) {
	axes := func() *figure.Figure { return figure.New("t", figure.X("x"), figure.Y("y")) }
	path := [][]float64{{1, 2}, {3, 5}, {4, 4}}
	assert.Equal(t, svgOf(t, axes().Path("p", []int{1, 3, 4}, []int{2, 5, 4})), svgOf(t, axes().Trajectory("p", path)))
	assert.Equal(t, 7.0, figure.OnPlane(func(point []float64) float64 { return point[0] + 3*point[1] })(1, 2))
}
