package claims

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/exercise"
	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

// The tests of chapter 4; they call what its cells call.

// Section 4.1: the circuit's derivatives are those of autodiff on the backend and of differences, for any width and depth; a fork adds the
// derivatives of its branches, and a unit that is off passes none.
func TestClaimN1AGraphAndItsDerivatives(t *testing.T) {
	for seed, widths := range [][]int{{3}, {1}, {5, 4}, {3, 3, 3}, {12}} {
		g, err := lecture.CompareGradients(lecture.GradientSettings{Widths: widths, X: 0.7, Y: 1, Seed: seed + 8})
		require.NoError(t, err)
		require.Len(t, g.Autodiff, g.Net.Parameters())
		require.Less(t, g.Off(g.Autodiff), 1e-12)
		require.Less(t, g.Off(g.Differences), 1e-8)
		require.NotZero(t, g.Loss)
		_, err = g.Draw("net").SVG()
		require.NoError(t, err)
		forward, backward := lecture.Multiplications(g.Net)
		require.Equal(t, 2*forward, backward)
	}
	g, err := lecture.CompareGradients(lecture.GradientSettings{Widths: []int{3}, X: 0.7, Y: 1, Seed: 7})
	require.NoError(t, err)
	trace := g.Net.Forward([]float64{0.7})
	back := g.Net.Backward(trace, []float64{trace.Output()[0] - 1})
	branches, off := 0.0, 0
	for j, z := range trace.Z[0] {
		branches += g.Net.Layers[0].W.At(0, j) * back.Z[0][j]
		if z < 0 {
			off++
			require.Zero(t, back.Z[0][j], "the answer to the question")
			require.Zero(t, back.Layers[0].W.At(0, j))
		}
	}
	require.InDelta(t, branches, back.X[0], 1e-15)
	require.Equal(t, 1, off, "the picture has a unit that is off, and two that are on")
}

// Section 4.2: slopes −1 and −2 within 0.05 on what is smooth; no fall for constants at a jump; −1 for lines at a kink.
func TestClaimN2Pieces(t *testing.T) {
	pieces := lecture.OddDoublings(4097)
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
		a := lecture.Approximate(smooth, pieces)
		for i := range pieces {
			require.LessOrEqual(t, a.Constant[i], a.ConstantBound[i]*(1+1e-6), smooth.Name)
			require.LessOrEqual(t, a.Linear[i], a.LinearBound[i]*(1+1e-6), smooth.Name)
		}
	}
	sine := lecture.Approximate(targets[0], []int{10})
	require.InEpsilon(t, 2*math.Pi*0.1/2, sine.ConstantBound[0], 1e-6)
	require.InEpsilon(t, 4*math.Pi*math.Pi*0.01/8, sine.LinearBound[0], 1e-6)
	_, kinks := slopes(targets[1])
	require.InDelta(t, -1, kinks, 0.3, "the kinks lie now nearer, now farther from an end of a piece")
	jump := lecture.Approximate(targets[2], pieces)
	for i := range pieces {
		require.InDelta(t, 2, jump.Constant[i], 1e-9, "the jump is in the middle of a piece")
		require.InDelta(t, 1, jump.Linear[i], 1e-6)
	}
	even := lecture.Approximate(targets[2], []int{8})
	require.Zero(t, even.Constant[0], "the jump is at an end of a piece")
	require.InDelta(t, 2, even.Linear[0], 1e-6)
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
	exercise := relu.Elbow{V: 1, W: -1, B: 1}
	require.Equal(t, 1.0, exercise.Knot())
	require.Equal(t, -1.0, exercise.Slope())
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

// Section 4.5: the net that the cell writes down goes through any points; in float64 textbook weights err by little on a sine and by a
// thousand times as much on random heights, and corrected weights by roundings; between the knots the error is below M h²/8.
func TestClaimN5ConstructedNets(t *testing.T) {
	all, err := lecture.Construct(problem.Targets()[0], lecture.Doublings(2, 4096), 4*math.Pi*math.Pi)
	require.NoError(t, err)
	for _, r := range all {
		require.Less(t, r.AtKnots, 1e-14, "%d pieces", r.Pieces)
		require.LessOrEqual(t, r.Between, r.Bound*(1+1e-9), "%d pieces", r.Pieces)
		require.Greater(t, r.Between, r.Bound/2, "and not far below it")
	}
	rounding, err := lecture.MeasureRounding(problem.Targets()[0], 4096)
	require.NoError(t, err)
	require.Equal(t, []string{"sine", "random heights"}, []string{rounding[0].Points, rounding[1].Points})
	require.Less(t, rounding[0].Textbook, 1e-12)
	require.Greater(t, rounding[1].Textbook, 300*rounding[0].Textbook)
	require.Less(t, rounding[1].Textbook, 1e-8)
	for _, r := range rounding {
		require.LessOrEqual(t, r.Outwards, 0x1p-51, "two roundings of numbers below 1")
	}

	xs, ys := []float64{0, 0.2, 0.5, 0.65, 1}, []float64{0.2, 0.9, 0.3, 0.6, -0.2}
	net, err := lecture.Textbook(xs, ys)
	require.NoError(t, err)
	yours, err := problem.Through(xs, ys)
	require.NoError(t, err)
	require.Less(t, lecture.MaxDifference(net.At, yours.F, 0, 1), 1e-14)
	require.Equal(t, []int{1, len(xs) - 1, 1}, net.Sizes(), "d pieces, d elbows")
	require.Equal(t, 3*4+1, net.Parameters(), "the exercise")
}

// Section 4.5: d elbows with all knots inside have d+1 slopes, and the first of them is minus the sum of the bends of those that
// open to the left, whatever the net.
func TestClaimN5SlopesOfElbowsAreTied(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 5))
	for range 100 {
		d := 1 + random.IntN(8)
		var elbows []relu.Elbow
		left := 0.0
		for range d {
			e := relu.Elbow{V: random.NormFloat64(), W: random.NormFloat64()}
			e.B = -e.W * (0.1 + 0.8*random.Float64())
			if elbows = append(elbows, e); e.W < 0 {
				left += e.V * math.Abs(e.W)
			}
		}
		net, err := relu.Sum(elbows, random.NormFloat64())
		require.NoError(t, err)
		knots, err := net.Knots(0, 1)
		require.NoError(t, err)
		require.Len(t, knots, d, "d knots inside, d+1 pieces")
		require.InDelta(t, -left, (net.At(0.05)-net.At(0))/0.05, 1e-9)
	}
}

// Section 4.6: for a function that is continuous and no more the error stays below the tallest box, and both go to 0; for a jump
// the largest error stays at half of it and the root mean square falls like 1/√(3d).
func TestClaimN6UniversalApproximation(t *testing.T) {
	root := problem.Target{Name: "root", F: func(x float64) float64 { return math.Sqrt(math.Abs(x - 0.3)) }, Hi: 1}
	r, err := lecture.Refine(root, lecture.Doublings(1, 1024))
	require.NoError(t, err)
	for i, d := range r.Pieces {
		// A box of 101 places can miss the lowest point by half their distance: √(h/200).
		require.LessOrEqual(t, r.Largest[i], r.LargestVariation[i]+math.Sqrt(1/(200*float64(d))), "%d pieces", d)
		require.LessOrEqual(t, r.LargestVariation[i], math.Sqrt(1/float64(d))+1e-12, "the modulus of continuity of a root")
	}
	fall, err := stat.FitPowerLaw(figure.Column(r.Pieces, func(d int) float64 { return float64(d) }), r.Largest, lecture.Confidence)
	require.NoError(t, err)
	require.InDelta(t, -0.5, fall.Exponent.Value, 0.1, "the answer to the question")
	require.NoError(t, exercise.CrowdedKnots(func(d int) (knots []float64) { // the rate of what is smooth needs no second derivative where knots may crowd
		for i := range d + 1 {
			part := 2*float64(i)/float64(d) - 1
			knots = append(knots, 0.3+map[bool]float64{true: -0.3, false: 0.7}[part < 0]*math.Pow(part, 4))
		}
		return knots
	}))

	jump := problem.Targets()[2]
	r, err = lecture.Refine(jump, lecture.OddDoublings(513))
	require.NoError(t, err)
	for i, d := range r.Pieces {
		require.InDelta(t, 1, r.Largest[i], 1e-9)
		require.InEpsilon(t, 1/math.Sqrt(3*float64(d)), r.RootMeanSquare[i], 0.001)
	}

	// Every net of squares is a parabola: three points more of it are on the parabola through three.
	elbows := []relu.Elbow{{V: 2, W: 1, B: 0.3}, {V: -1, W: -2, B: 1}, {V: 0.5, W: 3, B: -1}}
	sum := func(x float64) (y float64) {
		for _, e := range elbows {
			y += e.V * (e.W*x + e.B) * (e.W*x + e.B)
		}
		return y
	}
	require.InDelta(t, 0, sum(3)-3*sum(2)+3*sum(1)-sum(0), 1e-12, "the third difference")
	parabola := problem.Target{F: sum, Hi: 1}
	require.InDelta(t, 0, lecture.BestParabola(parabola), 1e-12)
	// The parabola that is nearest to a sine in the maximum norm is a line of slope −c, by symmetry, and as far off at the ends as in between.
	c := 0.0
	for lo, hi := 0.0, 2*math.Pi; hi-lo > 1e-12; {
		c = (lo + hi) / 2
		if where := math.Acos(c/(2*math.Pi)) / (2 * math.Pi); math.Sin(2*math.Pi*where)-c*where > c/2 {
			lo = c
		} else {
			hi = c
		}
	}
	require.InDelta(t, 0.68, c/2, 0.005)
	require.LessOrEqual(t, lecture.BestParabola(problem.Targets()[0]), c/2+1e-9)
	require.Greater(t, lecture.BestParabola(problem.Targets()[0]), 0.99*c/2)

	// In the middle of the common edge of two towers both are 0.
	require.Zero(t, lecture.Tower(0.01).Output([]float64{0.5, 0})[0])

	tower := lecture.Tower(0.2)
	for x, height := range map[[2]float64]float64{{0, 0}: 1, {0.29, -0.29}: 1, {0.9, 0}: 0, {0, -0.51}: 0, {0.9, 0.9}: 0, {0.4, 0}: 0.5} {
		require.InDelta(t, height, tower.Output(x[:])[0], 1e-12, x)
	}
	require.Equal(t, 9, tower.Widths()[0]+tower.Widths()[1], "the exercise")
}

// The rates of the cell of section 4.7.
var gapRates = []float64{0.0005, 0.002, 0.008, 0.03, 0.12, 0.5}

// Section 4.7: both nets that are written down are as good as theory says; three quarters of the trained ones are worse than equal
// knots, at the best of six rates, which is at no end of the grid.
func TestClaimN6EnoughWidth(t *testing.T) {
	sine := problem.Targets()[0]
	second := func(x float64) float64 { return -4 * math.Pi * math.Pi * sine.F(x) }
	gaps, err := lecture.MeasureGap(t.Context(), lecture.GapSettings{Target: sine, Widths: []int{4, 8, 16, 32}, Rates: gapRates, Steps: 4000, Tries: 6, Seeds: 24})
	require.NoError(t, err)
	for i, g := range gaps {
		require.Len(t, g.Found, 24)
		require.NotContains(t, []float64{gapRates[0], gapRates[len(gapRates)-1]}, g.Rate, "width %d: the best rate is at an end of its grid", g.Width)
		require.Less(t, g.Free, g.Equal)
		require.Greater(t, g.Free, 0.85*g.Floor, "knots between the candidates gain a little")
		require.InEpsilon(t, theory.EqualKnots(second, 0, 1, g.Width), g.Equal, 0.2, "width %d", g.Width)
		require.InEpsilon(t, theory.FreeKnots(second, 0, 1, g.Width+1), g.Free, 0.2, "width %d", g.Width)
		require.Greater(t, g.Trained.Low, g.Equal, "width %d: three quarters are worse", g.Width)
		require.Greater(t, lecture.Quantile(g.Found, 0), g.Free, "none is better than the best that is known")
		knots, err := g.Nets.Trained.Knots(0, 1)
		require.NoError(t, err)
		require.Less(t, len(knots), g.Width, "the typical net bends at fewer places than it has units")
		require.InDelta(t, g.Trained.Value, lecture.Quantile(g.Found, 0.5), 0, "and is the one drawn")
		ratio := g.Trained.Value / g.Free
		require.True(t, ratio > 6 && ratio < 30, "width %d: %v times", g.Width, ratio)
		if i > 0 {
			require.Less(t, g.Trained.Value, gaps[i-1].Trained.Value, "width helps the trained nets too")
		}
	}
}

// Section 4.7: on the chirp the best knots gain more over equal ones than a factor of three; at a jump they have a ramp between two
// points that they learn from, whatever the width.
func TestClaimN6BestKnots(t *testing.T) {
	for i, target := range []problem.Target{problem.Targets()[3], problem.Targets()[2]} {
		widths := [][]int{{16, 32}, {4, 8}}[i]
		gaps, err := lecture.MeasureGap(t.Context(), lecture.GapSettings{Target: target, Widths: widths, Rates: gapRates[:1], Steps: 1, Tries: 1, Seeds: 1})
		require.NoError(t, err)
		for _, g := range gaps {
			if target.Name == "jump" {
				require.InDelta(t, math.Sqrt(4./3/200), g.Free, 0.002, "a ramp of 1/200, all of it on one side")
				continue
			}
			require.Greater(t, g.Equal, 3*g.Free, "width %d", g.Width)
		}
	}
}

// Section 4.7: training comes back to the best net from shifts of up to 0.1, and from a shift of 1 to no better than from random starts.
func TestClaimN6TheBestNetHasABasin(t *testing.T) {
	sine := problem.Targets()[0]
	b, err := lecture.MeasureBasin(t.Context(), lecture.BasinSettings{Target: sine, Width: 8, Shifts: []float64{0, 0.01, 0.03, 0.1, 0.3, 1}, Rate: 0.01, Steps: 6000, Seeds: 20})
	require.NoError(t, err)
	for i := range 4 {
		require.Less(t, b.After[i].Value, 1.01*b.Best)
	}
	require.Greater(t, b.Before[3].Value, 20*b.Best)
	require.Less(t, b.After[4].Value, 2*b.Best)
	require.Greater(t, b.After[5].Low, 2*b.Best)
	require.Greater(t, b.After[5].Value, b.Random.Low)
	require.Equal(t, b.Best, b.Before[0].Value, "not shifted")
	require.Greater(t, b.First[0].Low, 2*b.Best, "on batches Adam leaves at its first step")
	require.Greater(t, b.First[1].Low, b.Best)

	xs, ys := sine.Grid(201)
	net, _, err := relu.FitElbows(xs, ys, xs[1:200], 8)
	require.NoError(t, err)
	balanced, err := lecture.Balanced(net)
	require.NoError(t, err)
	for _, x := range xs {
		require.InDelta(t, net.At(x), balanced.At(x), 1e-11, "the weights' sizes do not change the function")
	}
}
