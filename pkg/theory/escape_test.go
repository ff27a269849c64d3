package theory_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/theory"
)

// In a round bowl at ηλ = 1 each step forgets the last: θ is normal with the standard deviation ησ, and outside a disc around the bottom
// with the probability exp(−r²/2η²σ²). At other rates the dance is wider, and so are the escapes.
func TestEscapeRateOfFreshDarts(t *testing.T) {
	const lambda, sigma = 20, 2.0
	bowl := func(theta []float64) []float64 { return []float64{lambda * (theta[0] - 1), lambda * (theta[1] + 2)} }
	for _, radius := range []float64{0.2, 0.3, 0.4} {
		got, err := theory.EscapeRate(bowl, [2]float64{1, -2}, radius, 1./lambda, sigma)
		require.NoError(t, err)
		s := sigma / lambda
		require.InEpsilon(t, math.Exp(-radius*radius/(2*s*s)), got, 0.1, "radius %g", radius)
	}
	before := 0.0
	for _, eta := range []float64{0.03, 0.05, 0.07, 0.09} {
		got, err := theory.EscapeRate(bowl, [2]float64{1, -2}, 0.35, eta, sigma)
		require.NoError(t, err)
		require.Greater(t, got, before)
		before = got
	}
	for _, wrong := range [][3]float64{{0.3, 0, 1}, {0.3, 0.1, 0}, {0, 0.1, 1}, {0.3, math.Inf(1), 1}, {0.3, math.NaN(), 1}, {0.3, 1e-4, 1}} {
		_, err := theory.EscapeRate(bowl, [2]float64{1, -2}, wrong[0], wrong[1], wrong[2])
		require.Error(t, err, "%v", wrong)
	}
}

// A jump adds its variance to the squared distance, between jumps all goes as at rest, and a jump at each step is a drift.
func TestTrackingJumps(t *testing.T) {
	s := line(t, 2, 0.5)
	eta := func(int) float64 { return 0.1 }
	drift := theory.Drift{Walk: mat.NewSymDense(1, []float64{3})}
	var rest []float64
	for _, m := range s.Moments(eta, []float64{1}, 9) {
		rest = append(rest, m.SquaredDistance)
	}
	for k, m := range s.TrackingJumps(eta, []float64{1}, drift, 5, 9) {
		switch {
		case k < 5:
			require.InDelta(t, rest[k], m.SquaredDistance, 1e-12)
		case k == 5:
			require.InDelta(t, rest[k]+3, m.SquaredDistance, 1e-12)
		default:
			require.InDelta(t, rest[k]+3*math.Pow(0.8, 2*float64(k-5)), m.SquaredDistance, 1e-12)
		}
	}
	var each []float64
	for _, m := range s.TrackingMoments(eta, []float64{1}, drift, 9) {
		each = append(each, m.SquaredDistance)
	}
	for k, m := range s.TrackingJumps(eta, []float64{1}, drift, 1, 9) {
		require.Equal(t, each[k], m.SquaredDistance)
	}
	require.InDelta(t, rest[9], s.After(eta, []float64{1}, 9).SquaredDistance, 1e-12)
	require.Panics(t, func() { s.TrackingJumps(eta, []float64{1}, drift, 0, 9) })
}
