package theory_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
)

// For a parabola both laws are those of equal pieces. The closed form for a line fitted to x² on one piece is h²/√180.
func TestKnotsOfAParabola(t *testing.T) {
	two := func(float64) float64 { return 2 }
	for _, pieces := range []int{1, 7} {
		want := math.Pow(3/float64(pieces), 2) / math.Sqrt(180)
		require.InEpsilon(t, want, theory.EqualKnots(two, -1, 2, pieces), 1e-12)
		require.InEpsilon(t, want, theory.FreeKnots(two, -1, 2, pieces), 1e-12)
	}
	require.Panics(t, func() { theory.FreeKnots(two, 0, 1, 0) })
	require.Panics(t, func() { theory.EqualKnots(two, 1, 1, 1) })
}

// The laws hold in the limit: with 30 knots, what the dynamic program and least squares find is within 6 % of them, on a function whose
// curvature varies a hundredfold.
func TestKnotsOfManyPieces(t *testing.T) {
	target := problem.Target{F: func(x float64) float64 { return math.Exp(4.6 * x) }, Hi: 1}
	second := func(x float64) float64 { return 4.6 * 4.6 * math.Exp(4.6*x) }
	xs, ys := target.Grid(1001)
	var candidates []float64
	for i := 4; i < 1000; i += 4 {
		candidates = append(candidates, xs[i])
	}
	const pieces = 24
	best, err := relu.FreeKnots(xs, ys, candidates, pieces-1)
	require.NoError(t, err)
	require.InEpsilon(t, theory.FreeKnots(second, 0, 1, pieces), math.Sqrt(best.Squares/1001), 0.06)
	equal, err := relu.EqualKnots(xs, ys, pieces)
	require.NoError(t, err)
	sum := 0.0
	for i, x := range xs {
		sum += math.Pow(equal.At(x)-ys[i], 2)
	}
	require.InEpsilon(t, theory.EqualKnots(second, 0, 1, pieces), math.Sqrt(sum/1001), 0.06)
}
