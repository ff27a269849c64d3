package figure

import (
	"testing"

	"descent.example/internal/live"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A handle lies where the drawing has its point, in whichever panel of a grid.
func TestHandlesLieOnTheirPoints(t *testing.T) {
	panel := func(y Axis) *Figure {
		return New("panel", X("x").Range(0, 10), y).Line("line", []float64{0, 10}, []float64{1, 100})
	}
	f := Grid(2, panel(Y("y").Range(0, 100)), panel(Y("y").Range(0, 100)), panel(LogY("y").Range(1, 100))).
		Handles(1, "xs", "ys", []float64{0, 10}, []float64{0, 100}).Handles(3, "", "z", []float64{5}, []float64{10}).
		Handles(2, "point", "point", []float64{2}, []float64{50})
	l, err := f.layout()
	require.NoError(t, err)
	for i, h := range handlesOf(f) {
		p := l.panels[[]int{0, 0, 2, 1}[i]]
		want := p.Place(h.X.Value, h.Y.Value)
		assert.InDelta(t, want.X/float64(l.w), h.X.From+(h.X.To-h.X.From)*p.sx.norm(h.X.Value), 1e-9)
		assert.InDelta(t, 1-want.Y/float64(l.h), h.Y.From+(h.Y.To-h.Y.From)*p.sy.norm(h.Y.Value), 1e-9)
	}
	all := handlesOf(f)
	assert.Equal(t, []int{0, 1, 0, 0}, []int{all[0].X.Item, all[1].X.Item, all[2].X.Item, all[3].X.Item})
	assert.Equal(t, 1, all[3].Y.Item, "the second item of a point is its ordinate")
	assert.Empty(t, all[2].X.Param)
	assert.True(t, all[2].Y.Log)
}

func TestHandlesThatCannotBe(t *testing.T) {
	one := func() *Figure {
		return New("panel", X("x"), Y("y")).Line("line", []float64{0, 1}, []float64{0, 1})
	}
	for _, f := range []*Figure{one().Handles(2, "x", "y", nil, nil), one().Handles(0, "x", "y", nil, nil), one().Handles(1, "x", "y", []float64{1}, nil)} {
		_, err := f.SVG()
		assert.ErrorContains(t, err, "handles")
		assert.Empty(t, handlesOf(f))
	}
	assert.Empty(t, handlesOf(one()))
}

func handlesOf(f *Figure) []live.Handle {
	d, _ := f.Drawing(false)
	return d.Handles
}
