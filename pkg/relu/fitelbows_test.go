package relu_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

func squares(xs, ys []float64, f func(x float64) float64) (sum float64) {
	for i, x := range xs {
		sum += math.Pow(f(x)-ys[i], 2)
	}
	return sum
}

// What d elbows do is between what d−1 knots and d knots do without the constraint of elbows. The errors that are known are the least of
// an independent search: SciPy's least_squares over knots, weights and constant, from 200 to 2,500 random starts of random directions.
func TestFitElbowsIsBetweenTwoFits(t *testing.T) {
	sine := problem.Targets()[0]
	xs, ys := sine.Grid(201)
	for d, known := range map[int]float64{1: 0.403562, 2: 0.186161, 4: 0.028867, 8: 0.009638} {
		net, floor, err := relu.FitElbows(xs, ys, xs[1:200], d)
		require.NoError(t, err)
		require.Equal(t, []int{1, d, 1}, net.Sizes())
		fewer, err := relu.FreeKnots(xs, ys, xs[1:200], d-1)
		require.NoError(t, err)
		got := squares(xs, ys, net.At)
		require.LessOrEqual(t, got, fewer.Squares*(1+1e-9))
		require.GreaterOrEqual(t, got, 0.85*floor.Squares, "knots between the candidates gain a little")
		require.Less(t, math.Sqrt(got/201), 1.002*known)
		require.Greater(t, math.Sqrt(got/201), 0.97*known)
	}
	// With candidates five times as dense, the floor is a floor to 1 %.
	net, _, err := relu.FitElbows(xs, ys, xs[1:200], 4)
	require.NoError(t, err)
	var dense []float64
	for k := 1; k < 1000; k++ {
		dense = append(dense, float64(k)/1000)
	}
	finer, err := relu.FreeKnots(xs, ys, dense, 4)
	require.NoError(t, err)
	require.GreaterOrEqual(t, squares(xs, ys, net.At), 0.99*finer.Squares)
}

// One elbow on data of one elbow, to either side, is found exactly; two tents need a third elbow for their first slope.
func TestFitElbowsFindsWhatIsThere(t *testing.T) {
	grid := problem.Target{F: func(x float64) float64 { return x }, Hi: 1}
	xs, _ := grid.Grid(41)
	for _, e := range []relu.Elbow{{V: 2, W: 1, B: -0.31}, {V: -3, W: -1, B: 0.57}} {
		ys := make([]float64, len(xs))
		for i, x := range xs {
			ys[i] = 1 + e.At(x)
		}
		net, _, err := relu.FitElbows(xs, ys, xs[1:40], 1)
		require.NoError(t, err)
		require.InDelta(t, 0, squares(xs, ys, net.At), 1e-9)
	}
	tent := problem.Target{F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1}
	xs, ys := tent.Grid(41)
	one, floor, err := relu.FitElbows(xs, ys, xs[1:40], 1)
	require.NoError(t, err)
	require.InDelta(t, 0, floor.Squares, 1e-9, "two lines with a knot")
	require.Greater(t, squares(xs, ys, one.At), 0.1, "but one elbow has a slope of 0 on one side")
	two, _, err := relu.FitElbows(xs, ys, xs[1:40], 2)
	require.NoError(t, err)
	require.InDelta(t, 0, squares(xs, ys, two.At), 1e-9)
	_, _, err = relu.FitElbows(xs, ys, xs[1:40], 0)
	require.ErrorContains(t, err, "d is 0")
	_, _, err = relu.FitElbows(xs, ys, xs[1:3], 5)
	require.ErrorContains(t, err, "knots is 5")
}

// Equal knots fit as well as least squares over hats at the same knots do.
func TestEqualKnotsAreLeastSquares(t *testing.T) {
	chirp := problem.Targets()[3]
	xs, ys := chirp.Grid(201)
	for _, d := range []int{1, 5, 20} {
		net, err := relu.EqualKnots(xs, ys, d)
		require.NoError(t, err)
		var knots []float64
		for k := range d + 1 {
			knots = append(knots, float64(k)/float64(d))
		}
		require.InEpsilon(t, leastSquares(xs, ys, knots), squares(xs, ys, net.At), 1e-6)
	}
	_, err := relu.EqualKnots(xs, ys, 0)
	require.ErrorContains(t, err, "d is 0")
	_, err = relu.EqualKnots(xs[:1], ys[:1], 1)
	require.Error(t, err)
}
