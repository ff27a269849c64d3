package theory_test

import (
	"math"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// simulate takes steps of descent by hand: steps+1 iterates from start.
func simulate(p problem.Smooth, eta float64, start []float64, steps int) [][]float64 {
	path := [][]float64{start}
	for t := range steps {
		next := append([]float64{}, path[t]...)
		floats.AddScaled(next, -eta, p.Gradient(path[t]))
		path = append(path, next)
	}
	return path
}

func valley(t *testing.T) *problem.Quadratic {
	q, err := problem.NewQuadratic([]float64{1, 4}, problem.Rotation(0.3), []float64{1, 2})
	require.NoError(t, err)
	return q
}

func solve(t *testing.T, p problem.Smooth) *theory.Descent {
	d, err := theory.NewDescent(p)
	require.NoError(t, err)
	return d
}

// Claim G3, by hand: λ = 1, 4 and η = 0.3 give the factors 0.7 and −0.2, the threshold 0.5 and the best rate 0.4 with 0.6.
func TestByHand(t *testing.T) {
	d := solve(t, valley(t))
	require.InDeltaSlice(t, []float64{1, 4}, d.Lambda, 1e-14)
	require.InDelta(t, 0.7, theory.Factor(0.3, 1), 1e-15)
	require.InDelta(t, -0.2, theory.Factor(0.3, 4), 1e-15)
	require.Equal(t, 0.5, theory.StabilityThreshold(4))
	require.Equal(t, math.Inf(1), theory.StabilityThreshold(0))
	eta, factor := theory.OptimalRate(1, 4)
	require.Equal(t, []float64{0.4, 0.6}, []float64{eta, factor})

	start := valley(t).Start // One unit away along both directions, in sign as Q has them.
	require.InDelta(t, 2.5, d.Loss(0.3, start, 0), 1e-14)
	require.InDelta(t, 0.49/2+4*0.04/2, d.Loss(0.3, start, 1), 1e-14)
	require.InDelta(t, 0.7*0.7*0.7, math.Abs(d.Components(d.Iterate(0.3, start, 3))[0]), 1e-14)
}

// No other constant rate contracts the slowest direction faster.
func TestOptimalRateIsBest(t *testing.T) {
	const low, high = 0.2, 7.0
	eta, factor := theory.OptimalRate(low, high)
	worst := func(eta float64) float64 {
		return max(math.Abs(theory.Factor(eta, low)), math.Abs(theory.Factor(eta, high)))
	}
	require.InDelta(t, factor, worst(eta), 1e-15)
	for other := 0.001; other < 0.5; other += 0.001 {
		require.GreaterOrEqual(t, worst(other), factor-1e-15)
	}
}

// The closed form is the run: on both sides of the threshold, and for real data with a condition number of 470.
func TestIterate(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		p     problem.Smooth
		start []float64
	}{
		"valley":   {valley(t), []float64{-3, 5}},
		"diabetes": {diabetes, make([]float64, 10)},
	} {
		t.Run(name, func(t *testing.T) {
			d := solve(t, c.p)
			threshold := theory.StabilityThreshold(d.Lambda[len(d.Lambda)-1])
			for _, relative := range []float64{0.1, 0.5, 0.9, 1, 1.1} {
				eta := relative * threshold
				path := simulate(c.p, eta, c.start, 200)
				for step, theta := range path {
					// Rounding: a few units at every step of the run, and κ units in θ* itself.
					tolerance := 1e-13*floats.Norm(theta, 2)*float64(1+step) + 1e-12*floats.Norm(d.Optimum, 2)
					require.InDeltaSlice(t, theta, d.Iterate(eta, c.start, step), tolerance)
					loss := c.p.Value(theta)
					require.InDelta(t, loss, d.Loss(eta, c.start, step), 1e-10*loss+1e-14*c.p.Value(c.start))
				}
				first, last := c.p.Value(path[0]), c.p.Value(path[200])
				require.Equal(t, relative > 1, last > first, "claim G4: the loss grows above the threshold alone")
			}
		})
	}
}

func TestRegimeOf(t *testing.T) {
	for _, c := range []struct {
		eta, lambda float64
		want        theory.Regime
		name        string
	}{
		{0.1, 4, theory.Monotone, "monotone"},
		{0.25, 4, theory.Monotone, "monotone"},
		{0.3, 4, theory.Oscillating, "oscillating"},
		{0.5, 4, theory.Bouncing, "bouncing"},
		{0.6, 4, theory.Diverging, "diverging"},
		{math.Inf(1), 4, theory.Diverging, "diverging"},
		{0.1, -4, theory.Diverging, "diverging"},
		{-0.1, 4, theory.Diverging, "diverging"},
		{0, 4, theory.Still, "still"},
		{0.1, 0, theory.Still, "still"},
		{math.NaN(), 4, theory.Undefined, "undefined"},
	} {
		got := theory.RegimeOf(c.eta, c.lambda)
		require.Equal(t, c.want, got, "%v %v", c.eta, c.lambda)
		require.Equal(t, c.name, got.String())
	}
	require.Equal(t, "Regime(9)", theory.Regime(9).String())
	require.Equal(t, "Regime(-1)", theory.Regime(-1).String())
}

// Claim G5, its prediction: the count of a run taken step by step.
func TestSteps(t *testing.T) {
	p := valley(t)
	d := solve(t, p)
	start := []float64{-3, 5}
	for _, eta := range []float64{0.01, 0.1, 0.25, 0.4, 0.49} {
		for _, epsilon := range []float64{0.5, 1e-3, 1e-9} {
			want := 0
			for theta := start; p.Value(theta) > epsilon*p.Value(start); want++ {
				theta = simulate(p, eta, theta, 1)[1]
			}
			got, err := d.Steps(eta, start, epsilon)
			require.NoError(t, err)
			require.Equal(t, want, got, "η = %v, ε = %v", eta, epsilon)
		}
	}
	for epsilon, want := range map[float64]int{1: 0, 2: 0} {
		got, err := d.Steps(0.1, start, epsilon)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := d.Steps(0.1, d.Optimum, 1e-9)
	require.NoError(t, err)
	require.Equal(t, 0, got, "from the optimum")
}

func TestStepsRefuses(t *testing.T) {
	d := solve(t, valley(t))
	start := []float64{-3, 5}
	for _, eta := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, err := d.Steps(eta, start, 0.1)
		require.ErrorContains(t, err, "the learning rate must be positive and finite")
	}
	for _, epsilon := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, err := d.Steps(0.1, start, epsilon)
		require.ErrorContains(t, err, "epsilon is")
	}
	_, err := d.Steps(0.6, start, 0.1)
	require.ErrorContains(t, err, "at or above the stability threshold 0.5")
	_, err = d.Steps(1e-18, start, 0.1)
	require.ErrorContains(t, err, "more than 2^53 steps")
}

// smooth is a loss with a Hessian and optimum of any kind.
type smooth struct {
	problem.Smooth
	hessian *mat.SymDense
}

func (s smooth) Hessian([]float64) *mat.SymDense { return s.hessian }

func TestNewDescentRefuses(t *testing.T) {
	_, err := theory.NewDescent(smooth{valley(t), mat.NewSymDense(2, []float64{1, 0, 0, -0.1})})
	require.ErrorContains(t, err, "not convex at its optimum: the least eigenvalue of the Hessian is -0.1")
	_, err = theory.NewDescent(smooth{valley(t), mat.NewSymDense(2, []float64{1, 0, 0, math.Inf(1)})})
	require.ErrorContains(t, err, "not finite")
	twins, err := problem.NewLeastSquares(mat.NewDense(2, 2, []float64{1, 1, 2, 2}), []float64{1, 2})
	require.NoError(t, err)
	_, err = theory.NewDescent(twins)
	require.ErrorContains(t, err, "linearly dependent")

	// A flat direction is convex: its curvature, computed as a tiny negative number or not, counts as zero.
	flat := solve(t, smooth{valley(t), mat.NewSymDense(2, []float64{1, 1, 1, 1 - 0x1p-53})})
	require.Equal(t, 0.0, flat.Lambda[0])

	d := solve(t, valley(t))
	require.PanicsWithValue(t, "theta has 1 elements: it must have 2, one for each parameter", func() { d.Components([]float64{1}) })
	require.PanicsWithValue(t, "t is -1: the number of steps must not be negative", func() { d.Iterate(0.1, d.Optimum, -1) })
}
