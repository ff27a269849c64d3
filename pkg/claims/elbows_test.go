package claims

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// The tests of chapter 4; they call what its cells call.

// Section 4.1: the circuit's derivatives are those of autodiff on the backend and of differences, for any width and depth.
func TestClaimN1AGraphAndItsDerivatives(t *testing.T) {
	for seed, widths := range [][]int{{3}, {1}, {5, 4}, {3, 3, 3}, {12}} {
		g, err := lecture.CompareGradients(lecture.GradientSettings{Widths: widths, X: 0.7, Y: 1, Seed: seed + 8})
		require.NoError(t, err)
		require.Len(t, g.Autodiff, g.Net.Parameters())
		require.Less(t, g.Off(g.Autodiff), 1e-12)
		require.Less(t, g.Off(g.Differences), 1e-8)
		require.NotZero(t, g.Loss)
		_, err = lecture.CircuitAt("net", g.Net, 0.7).SVG()
		require.NoError(t, err)
	}
}

// Section 4.2: slopes −1 and −2 within 0.05 on what is smooth; no fall for constants at a jump; −1 for lines at a kink.
func TestClaimN2Pieces(t *testing.T) {
	pieces := lecture.Doublings(2, 4096)
	slopes := func(target problem.Target) (constant, linear float64) {
		a := lecture.Approximate(target, pieces)
		c, err := lecture.Tail(a.Pieces, a.Constant)
		require.NoError(t, err)
		l, err := lecture.Tail(a.Pieces, a.Linear)
		require.NoError(t, err)
		return c.Exponent.Value, l.Exponent.Value
	}
	targets := problem.Targets()
	for _, smooth := range []problem.Target{targets[0], targets[3]} {
		constant, linear := slopes(smooth)
		require.InDelta(t, -1, constant, 0.05, smooth.Name)
		require.InDelta(t, -2, linear, 0.05, smooth.Name)
	}
	_, kinks := slopes(targets[1])
	require.InDelta(t, -1, kinks, 0.3, "the kinks lie now nearer, now farther from an end of a piece")
	jump, _ := slopes(targets[2])
	require.InDelta(t, 0, jump, 0.05)
}

// Section 4.3: the knot is −b/w, the elbow is 0 on the one side and has the slope vw on the other, and its derivatives are
// those of differences.
func TestClaimN3Elbow(t *testing.T) {
	for _, e := range []relu.Elbow{{V: -1, W: 1.5, B: -0.5}, {V: 1, W: 1, B: 0.5}, {V: 1, W: -1.5, B: -1}, {V: -0.8, W: -2, B: 2}, {V: 2, W: -1, B: 1}} {
		side := math.Copysign(1, e.W)
		require.InDelta(t, 0, e.At(e.Knot()), 1e-15)
		require.Zero(t, e.At(e.Knot()-side))
		require.InDelta(t, e.V*e.W, (e.At(e.Knot()+2*side)-e.At(e.Knot()+side))/side, 1e-14)
		twice := relu.Elbow{V: e.V, W: 2 * e.W, B: 2 * e.B}
		require.Equal(t, e.Knot(), twice.Knot(), "the answer to the question")
		require.Equal(t, 2*e.Slope(), twice.Slope())
		for _, x := range []float64{-1.7, -0.2, 0.4, 1.3} {
			const h = 1e-6
			v, w, b := e.Gradient(x)
			require.InDelta(t, (relu.Elbow{V: e.V + h, W: e.W, B: e.B}.At(x)-relu.Elbow{V: e.V - h, W: e.W, B: e.B}.At(x))/(2*h), v, 1e-8)
			require.InDelta(t, (relu.Elbow{V: e.V, W: e.W + h, B: e.B}.At(x)-relu.Elbow{V: e.V, W: e.W - h, B: e.B}.At(x))/(2*h), w, 1e-8)
			require.InDelta(t, (relu.Elbow{V: e.V, W: e.W, B: e.B + h}.At(x)-relu.Elbow{V: e.V, W: e.W, B: e.B - h}.At(x))/(2*h), b, 1e-8)
		}
	}
	exercise := relu.Elbow{V: 2, W: -1, B: 1}
	require.Equal(t, 1.0, exercise.Knot())
	require.Equal(t, -2.0, exercise.Slope())
}

// Section 4.4: the best sum is convex, never negative, worse than the floor of what is never negative, and the optimum:
// by the conditions of Karush, Kuhn and Tucker no elbow wants to be steeper, and those in use not flatter either.
func TestClaimN4ASumIsConvexAndNeverNegative(t *testing.T) {
	for _, target := range problem.Targets() {
		sum := lecture.BestSum(target, 20)
		xs, ys := target.Grid(201)
		require.GreaterOrEqual(t, sum.Error, sum.Floor-1e-9, target.Name)
		for i := range xs {
			require.GreaterOrEqual(t, sum.At(xs[i]), 0.0)
			if i > 0 && i < len(xs)-1 {
				require.LessOrEqual(t, sum.At(xs[i]), (sum.At(xs[i-1])+sum.At(xs[i+1]))/2+1e-12, "convex")
			}
		}
		for k, e := range sum.Elbows {
			unit := relu.Elbow{V: 1, W: 1, B: -(target.Lo + (target.Hi-target.Lo)*float64(k/2)/10)}
			if k%2 == 1 {
				unit = relu.Elbow{V: 1, W: -1, B: target.Lo + target.Hi - (target.Lo + (target.Hi-target.Lo)*float64(k/2)/10)}
			}
			slope := 0.0
			for i, x := range xs {
				slope += (sum.At(x) - ys[i]) * unit.At(x)
			}
			require.Greater(t, slope, -1e-6, "%s: steeper would be better", target.Name)
			if e.W != 0 {
				require.Less(t, slope, 1e-6, "%s: flatter would be better", target.Name)
			}
		}
	}
	require.InDelta(t, math.Sqrt(0.25*200/201), lecture.BestSum(problem.Targets()[0], 20).Floor, 1e-9, "half of a sine")
}

// Section 4.5: exact at the knots to rounding for d up to 4,096, and below M h²/8 between them.
func TestClaimN5ConstructedNets(t *testing.T) {
	all, err := lecture.Construct(problem.Targets()[0], lecture.Doublings(2, 4096), 4*math.Pi*math.Pi)
	require.NoError(t, err)
	for _, r := range all {
		require.Less(t, r.AtKnots, 1e-14, "%d pieces", r.Pieces)
		require.LessOrEqual(t, r.Between, r.Bound*(1+1e-9), "%d pieces", r.Pieces)
		require.Greater(t, r.Between, r.Bound/2, "and not far below it")
	}
	net, err := relu.Uniform(problem.Targets()[0].F, 0, 1, 6)
	require.NoError(t, err)
	require.Equal(t, 3*6+1, net.Parameters(), "the exercise")
}

// Section 4.6: the best knots beat those at equal distances and what training finds, which is worse than both; descent that
// starts at the best knots stays there; and balancing leaves the function as it is.
func TestClaimN6EnoughWidth(t *testing.T) {
	sine := problem.Targets()[0]
	gaps, err := lecture.MeasureGap(t.Context(), lecture.Training{Target: sine, Rate: 0.01, Steps: 12_000, Seeds: 20}, []int{4, 8, 16, 32})
	require.NoError(t, err)
	for i, g := range gaps {
		require.Len(t, g.Found, 20)
		require.Less(t, g.Free, g.Constructed)
		require.Greater(t, g.Trained.Value, g.Constructed, "width %d", g.Width)
		require.Greater(t, lecture.Quantile(g.Found, 0), 0.9*g.Free, "nothing is better than the best knots but for the grid's sake")
		if i > 0 {
			require.Less(t, g.Free, gaps[i-1].Free/2)
			require.Less(t, g.Trained.Value, gaps[i-1].Trained.Value)
		}
	}
	require.Greater(t, gaps[3].Trained.Value/gaps[3].Free, gaps[0].Trained.Value/gaps[0].Free, "the gap grows with the width")

	chirp := problem.Targets()[3]
	gx, gy := chirp.Grid(201)
	net, err := lecture.BestKnots(chirp, 16)
	require.NoError(t, err)
	balanced, err := lecture.Balanced(net)
	require.NoError(t, err)
	for _, x := range gx {
		require.InDelta(t, net.At(x), balanced.At(x), 1e-11)
	}
	after, err := lecture.Retrain(t.Context(), net, lecture.RetrainSettings{Target: chirp, Rate: 0.001, Steps: 20_000})
	require.NoError(t, err)
	square := 0.0
	for i, x := range gx {
		square += math.Pow(net.At(x)-gy[i], 2) / 201
	}
	require.InDelta(t, math.Sqrt(square), after.Before, 1e-9)
	require.Less(t, after.After, after.Before)
	require.Greater(t, after.After, 0.8*after.Before, "it stays")
	require.Less(t, math.Abs(after.Net.At(0.6)-net.At(0.6)), 0.1)
}
