package claims

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// The tests of chapter 5; they call what its cells call.

// certain is the confidence of an interval that misses what it is about in one case of 100,000.
const certain = 0.99999

// Section 5.1: at the end most of the bending is near a kink; at the start no more than chance has it there.
func TestClaimN12ElbowsMove(t *testing.T) {
	g, err := lecture.FollowKnots(t.Context(), lecture.Training{Target: problem.Targets()[1], Rate: 0.01, Steps: 4000, Seeds: 40}, 20)
	require.NoError(t, err)
	require.InDelta(t, 0.2, g.Chance, 1e-3, "two kinks, each with a twentieth on both sides")
	require.Less(t, g.NearBefore.High, 0.35)
	// Half of the width of a 95 % interval is 2 standard errors; 4.5 of them are missed once in 100,000.
	require.Greater(t, g.NearAfter.Value-4.5/2*(g.NearAfter.High-g.NearAfter.Value), 2*g.Chance)
	require.Greater(t, g.NearAfter.Value, 0.7)
	require.Equal(t, 0, g.Step[0])
	require.GreaterOrEqual(t, g.Step[len(g.Step)-1], 4000-4000/120, "the records follow the run to its end")

	steps, knots := g.Paths()
	require.Len(t, knots, 20)
	for _, path := range knots {
		require.Len(t, path, len(steps))
	}
	frames := g.Frames(24)
	require.True(t, slices.IsSorted(frames))
	require.LessOrEqual(t, len(frames), 24)
	require.Equal(t, len(g.Nets)-1, frames[len(frames)-1])
	last := g.Nets[len(g.Nets)-1]
	for _, x := range []float64{0.1, 0.5, 0.9} {
		require.InDelta(t, problem.Targets()[1].F(x), last.At(x), 0.05, "and it has learnt")
	}
}

// Section 5.2: ten elbows are exact and stay so; from random starts ten are never found, 80 far more often.
func TestClaimN11ExpressivityAndLearnability(t *testing.T) {
	target := problem.Lecturer()
	exact, err := relu.Uniform(target.F, target.Lo, target.Hi, 10)
	require.NoError(t, err)
	require.Less(t, lecture.MaxDifference(exact.At, target.F, target.Lo, target.Hi), 1e-14)
	still, err := lecture.Retrain(t.Context(), exact, lecture.RetrainSettings{Target: target, Rate: 0.001, Steps: 2000})
	require.NoError(t, err)
	require.Less(t, still.After, 1e-12)

	all, err := lecture.Search(t.Context(), lecture.Training{Target: target, Rate: 0.01, Steps: 12_000, Seeds: 60}, []int{10, 80}, 0.02)
	require.NoError(t, err)
	narrow, wide := all[0], all[1]
	found := func(s *lecture.Success) (n int) {
		for _, e := range s.Errors {
			if e < 0.02 {
				n++
			}
		}
		return n
	}
	few, err := stat.Proportion(found(narrow), 60, certain)
	require.NoError(t, err)
	many, err := stat.Proportion(found(wide), 60, certain)
	require.NoError(t, err)
	require.Zero(t, found(narrow))
	require.Greater(t, many.Value, 0.25)
	require.Less(t, many.Value, 0.75, "about every second one")
	require.Less(t, few.Value, many.Low, "width buys learnability")
	require.InDelta(t, slices.Min(wide.Errors), wide.Best, 0)
	off := 0.0
	xs, ys := target.Grid(201)
	for i, x := range xs {
		off += math.Pow(wide.Net.At(x)-ys[i], 2) / 201
	}
	require.InDelta(t, wide.Best, math.Sqrt(off), 1e-9, "the net shown is the best one")
}

// Section 5.3: staircases of sigmoids and of tanhs are the same function, with an error that falls like 1/d; trained, each
// non-linearity has its own best rate, and on what is smooth the smooth ones win.
func TestClaimN7OtherNonLinearities(t *testing.T) {
	sine := problem.Targets()[0]
	var ds, errors []float64
	for _, d := range []int{5, 10, 20, 40, 80, 160} {
		sigmoid, err := lecture.Staircase(sine, d, 20, problem.Sigmoid)
		require.NoError(t, err)
		tanh, err := lecture.Staircase(sine, d, 20, problem.Tanh)
		require.NoError(t, err)
		require.Less(t, lecture.MaxDifference(sigmoid, tanh, 0, 1), 1e-12)
		ds, errors = append(ds, float64(d)), append(errors, lecture.MaxDifference(sigmoid, sine.F, 0, 1))
		require.LessOrEqual(t, errors[len(errors)-1], 2*relu.ConstantBound(2*math.Pi, 1/float64(d+1)), "half a step, and as much where one unit rises")
	}
	fit, err := lecture.Tail(ds, errors)
	require.NoError(t, err)
	require.InDelta(t, -1, fit.Exponent.Value, 0.05)
	_, err = lecture.Staircase(sine, 5, 20, problem.ReLU)
	require.ErrorContains(t, err, "saturates")

	all, err := lecture.CompareActivations(t.Context(), lecture.RateSettings{Target: sine, Width: 20, Rates: []float64{0.003, 0.01, 0.03, 0.1, 0.3}, Steps: 3000, Seeds: 15})
	require.NoError(t, err)
	best := make(map[problem.Activation]float64)
	for _, l := range all {
		best[l.Activation] = l.Errors[l.BestRate()].Value
	}
	require.Less(t, all[0].Rate[all[0].BestRate()], all[2].Rate[all[2].BestRate()], "the sigmoid takes a larger rate")
	require.Less(t, best[problem.Sigmoid], 0.8*best[problem.ReLU])
	require.Less(t, best[problem.Tanh], 0.8*best[problem.ReLU])
}

// Section 5.4: slopes are those of differences; the derivative that arrives is what theory says for ReLU, at most that for
// sigmoids, and shrinks by the scale; deep sigmoids do not learn the digits where deep ReLUs do; large rates kill units.
func TestClaimN8Saturation(t *testing.T) {
	for _, a := range problem.Activations() {
		for _, z := range []float64{-3, -0.5, 0.4, 2} {
			require.InDelta(t, (a.At(z+1e-6)-a.At(z-1e-6))/2e-6, a.Slope(z), 1e-9, "%s at %g", a, z)
		}
	}
	require.Less(t, problem.Sigmoid.Slope(20), 1e-8)
	require.Less(t, problem.Tanh.Slope(-20), 1e-8)
	require.Equal(t, problem.ReLU.Slope(0.01), problem.ReLU.Slope(1e9), "beyond the threshold it does not depend on x")

	for _, scale := range []float64{math.Sqrt2, 1} {
		signals, err := lecture.Signals(lecture.SignalSettings{Depth: 8, Width: 64, Scale: scale, Seeds: 20})
		require.NoError(t, err)
		reLU, sigmoid := signals[0], signals[2]
		for l := range 7 {
			// A layer of 64 changes the square by a factor with a standard deviation of about √(5/64): over 7 layers and
			// 20 seeds, 0.17 of the length; 4.5 times that would be passed once in 100,000.
			require.InEpsilon(t, math.Pow(scale/math.Sqrt2, float64(7-l)), reLU.Theory[l], 1e-12)
			require.InEpsilon(t, reLU.Theory[l], reLU.Length[l].Value, 0.4)
			require.LessOrEqual(t, sigmoid.Length[l].Value, sigmoid.Theory[l])
		}
		require.Less(t, sigmoid.Length[0].Value, 1e-3)
	}

	learnt, err := lecture.LearnDigits(t.Context(), lecture.DigitSettings{Activations: []problem.Activation{problem.ReLU, problem.Sigmoid}, Depths: []int{1, 4}, Width: 24, Scale: math.Sqrt2, Rate: 0.02, Steps: 300, Seeds: 6})
	require.NoError(t, err)
	for i := range 2 {
		require.Greater(t, learnt[0].Accuracy[i].Value, 0.8, "ReLU")
	}
	require.Greater(t, learnt[1].Accuracy[0].Value, 0.75, "one layer of sigmoids")
	require.Less(t, learnt[1].Accuracy[1].Value, 0.2, "four are as good as a guess")

	dead, err := lecture.CountDead(t.Context(), lecture.RateSettings{Target: problem.Targets()[0], Width: 20, Rates: []float64{0.001, 0.1, 1}, Steps: 2000, Seeds: 20})
	require.NoError(t, err)
	require.Less(t, dead[0].Share.Value, 0.2)
	require.InDelta(t, 0.55, dead[1].Share.Value, 0.15, "about every second one")
	require.Greater(t, dead[2].Share.Value, 0.9)
}

// Section 5.5: a sawtooth takes few parameters in depth; trained, the shallow net wins on one input, with more regions; in
// the plane depth wins where the function is one of one combination.
func TestClaimN9Depth(t *testing.T) {
	for depth := 1; depth <= 10; depth++ {
		net := relu.Sawtooth(depth)
		regions, err := net.Regions(0, 1)
		require.NoError(t, err)
		require.Equal(t, 1<<depth, regions)
		require.Equal(t, 6*depth+1, net.Parameters())
		tooth := lecture.Sawtooth(depth)
		for _, k := range []int{0, 1, 1 << (depth - 1)} { // up at the odd multiples, down at the even ones
			require.InDelta(t, float64(k%2), tooth.F(float64(k)/float64(int(1)<<depth)), 1e-12)
		}
		shallow, err := relu.ShallowRegions(1, 1<<depth-1)
		require.NoError(t, err)
		require.EqualValues(t, 1<<depth, shallow, "one layer of so many units is enough, and none of fewer")
	}

	median := func(b *lecture.DepthScore) float64 { return lecture.Quantile(b.Errors, 0.5) }
	for _, target := range []problem.Target{problem.Targets()[0], lecture.Sawtooth(3)} {
		budgets, err := lecture.CompareDepths(t.Context(), lecture.Training{Target: target, Rate: 0.01, Steps: 4000, Seeds: 60}, [][]int{{48}, {7, 7, 7}})
		require.NoError(t, err)
		require.Less(t, apart(t, budgets.Scores[0].Errors, budgets.Scores[1].Errors), 0.0, "%s: the shallow net wins", target.Name)
		require.Less(t, median(budgets.Scores[0]), median(budgets.Scores[1]), target.Name)
		require.Greater(t, lecture.Quantile(budgets.Scores[0].Regions, 0.5), lecture.Quantile(budgets.Scores[1].Regions, 0.5), "and has more regions")
		require.Equal(t, 145, budgets.Scores[0].Parameters)
		require.Equal(t, 134, budgets.Scores[1].Parameters)
	}
	planes := lecture.Planes()
	budgets, err := lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Target: planes[2], Widths: [][]int{{36}, {10, 10}}, Rate: 0.003, Steps: 2500, Seeds: 24})
	require.NoError(t, err)
	require.Greater(t, apart(t, budgets.Scores[0].Errors, budgets.Scores[1].Errors), 0.0, "the deeper net wins on the plane wave")
}

// apart is how far the logarithms of two samples' means differ, less what the confidence interval leaves open: beyond 0 on the
// side of the difference, if there is one for certain.
func apart(t *testing.T, first, second []float64) float64 {
	t.Helper()
	logs := func(xs []float64) (ls []float64) {
		for _, x := range xs {
			ls = append(ls, math.Log(x))
		}
		return ls
	}
	d, err := stat.Difference(logs(first), logs(second), certain)
	require.NoError(t, err)
	if d.Value > 0 {
		return max(d.Low, 0)
	}
	return min(d.High, 0)
}

// Section 5.6: the rank is what the count of redundancies predicts; never more than the parameters less a scale a unit; and
// rescaling changes nothing.
func TestClaimN10Redundancy(t *testing.T) {
	d, err := lecture.CountDegrees([]int{1, 10, 1}, 300, 1)
	require.NoError(t, err)
	require.Equal(t, 31, d.Redundancy.Parameters)
	require.Equal(t, 18, d.Rank, "as shown")
	all, err := lecture.SurveyDegrees(60)
	require.NoError(t, err)
	require.Len(t, all, 60)
	for _, d := range all {
		units := 0
		for _, width := range d.Sizes[1 : len(d.Sizes)-1] {
			units += width
		}
		require.Less(t, d.Rescaled, 1e-12)
		require.LessOrEqual(t, d.Rank, d.Redundancy.Parameters-units, "%v", d.Sizes)
		require.Equal(t, d.Redundancy.Rank(), d.Rank, "%v", d.Sizes)
	}
}
