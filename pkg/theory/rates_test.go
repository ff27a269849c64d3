package theory_test

import (
	"fmt"
	"math"
	"math/cmplx"
	"testing"

	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Claim S9: the harmonic series is the border of both sums, and diverges itself.
func TestRobbinsMonro(t *testing.T) {
	for _, c := range []struct {
		power            float64
		arrives, diesOut bool
	}{{0, true, false}, {0.5, true, false}, {0.51, true, true}, {1, true, true}, {1.01, false, true}} {
		arrives, diesOut := theory.RobbinsMonro(c.power)
		require.Equal(t, c.arrives, arrives, c.power)
		require.Equal(t, c.diesOut, diesOut, c.power)
	}
}

// Claim S9: the exponents are the slopes of the exact E‖θ_t − θ*‖² between 10⁴ and 2·10⁴ steps, in two directions of
// which the flatter decides. What the slope still is from its limit comes of the next terms, relative to the first of
// the order η_t and 1/(tη_t), or for power 1 t^−|1−2λη₀τ|.
func TestDecayExponentIsTheSlope(t *testing.T) {
	noise := mat.NewDiagDense(2, []float64{1, 1})
	s, err := theory.AdditiveSGD(mat.NewDiagDense(2, []float64{0.5, 1}), noise, []float64{0, 0})
	require.NoError(t, err)
	for _, c := range []struct{ power, eta0, tau, want, tolerance float64 }{
		{0, 0.5, 10, 0, 1e-9},
		{0.3, 0.5, 10, 0.3, 0.01},
		{0.6, 0.5, 10, 0.6, 0.01},
		{0.8, 0.5, 10, 0.8, 0.02},
		{1, 1, 0.5, 0.5, 0.04}, // 2λη₀τ = 0.5
		{1, 1, 5, 1, 0.001},    // 2λη₀τ = 5
		{2, 0.5, 10, 0, 0.01},
	} {
		t.Run(fmt.Sprint(c.power, c.tau), func(t *testing.T) {
			require.Equal(t, c.want, theory.DecayExponent(c.power, c.eta0, c.tau, 0.5))
			eta := func(t int) float64 { return c.eta0 / math.Pow(1+float64(t)/c.tau, c.power) }
			var first, last float64
			for i, m := range s.Moments(eta, []float64{10, 10}, 20_000) {
				if i == 10_000 {
					first = m.SquaredDistance
				}
				last = m.SquaredDistance
			}
			require.InDelta(t, c.want, math.Log2(first/last), c.tolerance)
		})
	}
}

// The factor is the larger eigenvalue of the step (θ_t, θ_{t−1}) ↦ (θ_{t+1}, θ_t).
func TestHeavyBallFactorIsTheEigenvalue(t *testing.T) {
	for _, beta := range []float64{0, 0.3, 0.9, 0.99} {
		for x := 0.01; x < 4.5; x += 0.01 {
			step := mat.NewDense(2, 2, []float64{1 + beta - 2*(x/2), -beta, 1, 0})
			var e mat.Eigen
			require.True(t, e.Factorize(step, mat.EigenNone))
			z := e.Values(nil)
			want := floats.Max([]float64{cmplx.Abs(z[0]), cmplx.Abs(z[1])})
			got := theory.HeavyBallFactor(x/2, beta, 2)
			// Near a double root an eigenvalue is known to the root of the rounding.
			require.InDelta(t, want, got, 1e-7)
			if threshold := 2 * (1 + beta); math.Abs(x-threshold) > 1e-9 {
				require.Equal(t, x < threshold, got < 1, "β = %v, ηλ = %v", beta, x)
			}
		}
		require.InDelta(t, math.Abs(theory.Factor(0.3, 2)), theory.HeavyBallFactor(0.3, 0, 2), 1e-15)
	}
}

// No pair of a grid is better, and a run contracts by that factor: λ = 1 and 25 give η = 1/9, β = 4/9 and 2/3 a step.
func TestOptimalHeavyBall(t *testing.T) {
	eta, beta, factor := theory.OptimalHeavyBall(1, 25)
	require.InDeltaSlice(t, []float64{1. / 9, 4. / 9, 2. / 3}, []float64{eta, beta, factor}, 1e-15)
	worst := func(eta, beta float64) float64 {
		return max(theory.HeavyBallFactor(eta, beta, 1), theory.HeavyBallFactor(eta, beta, 25))
	}
	require.InDelta(t, factor, worst(eta, beta), 1e-7)
	for i := 1; i < 200; i++ {
		for j := range 100 {
			require.GreaterOrEqual(t, worst(float64(i)/500, float64(j)/100), factor-1e-12)
		}
	}
	previous, theta := 1.0, 1.0
	for range 300 { // Beside factor^t there is t·factor^t, a double root's.
		previous, theta = theta, theta-eta*theta+beta*(theta-previous)
	}
	require.InDelta(t, factor*301/300, math.Abs(theta/previous), 2e-5)
}
