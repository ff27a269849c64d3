package lecture_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

var line = problem.Target{Name: "line", F: func(x float64) float64 { return x }, Lo: 0, Hi: 1}

func TestThreeGradients(t *testing.T) {
	g, err := lecture.CompareGradients(lecture.GradientSettings{Widths: []int{3, 2}, X: 0.7, Y: 1, Seed: 8})
	require.NoError(t, err)
	require.Less(t, g.Off(g.Autodiff), 1e-12)
	require.Less(t, g.Off(g.Differences), 1e-8)
	off := g.Net.At(0.7) - 1
	require.InDelta(t, off*off/2, g.Loss, 1e-12)
}

// On a line the constants are off by half a piece, and the lines not at all.
func TestPiecesOfALine(t *testing.T) {
	a := lecture.Approximate(line, []int{1, 4})
	require.InDeltaSlice(t, []float64{0.5, 0.125}, a.Constant, 1e-12)
	require.InDeltaSlice(t, []float64{0, 0}, a.Linear, 1e-12)
	require.InDeltaSlice(t, []float64{0.5, 0.125}, a.ConstantBound, 1e-6, "the slope is 1")
	xs, ys := lecture.Stairs(line, 2)
	require.Equal(t, []float64{0, 0.5, 0.5, 1}, xs)
	require.Equal(t, []float64{0.25, 0.25, 0.75, 0.75}, ys)
	law, err := lecture.Tail([]float64{1, 2, 4, 8, 16, 32}, []float64{9, 9, 9, 1. / 8, 1. / 16, 1. / 32})
	require.NoError(t, err)
	require.InDelta(t, -1, law.Exponent.Value, 1e-9, "the first half does not count")
}

// A line through 0 is an elbow; of a function below 0 nothing can be had.
func TestSumsOfElbows(t *testing.T) {
	require.InDelta(t, 0, lecture.BestSum(line, 4).Error, 1e-9)
	below := lecture.BestSum(problem.Target{F: func(float64) float64 { return -3 }, Hi: 1}, 4)
	require.InDelta(t, 3, below.Floor, 1e-12)
	require.InDelta(t, 3, below.Error, 1e-9)
}

// The gap of a net of two units to a function of one kink is 0, whoever places the knot.
func TestGapOfOneKink(t *testing.T) {
	kink := problem.Target{F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1}
	settings := lecture.GapSettings{Target: kink, Widths: []int{2}, Rates: []float64{0.001, 0.01}, Steps: 50, Tries: 2, Seeds: 3}
	gaps, err := lecture.MeasureGap(t.Context(), settings)
	require.NoError(t, err)
	require.InDelta(t, 0, gaps[0].Equal, 1e-12)
	require.InDelta(t, 0, gaps[0].Free, 1e-6)
	require.Len(t, gaps[0].AtRates, 2)
	require.Len(t, gaps[0].Found, 3)
	require.Greater(t, gaps[0].Trained.Value, 1e-3, "50 steps are few")
	require.Contains(t, drawn(t, lecture.DrawGapRates(settings, gaps)), "width 2 (line)")
	settings.Rates = nil
	_, err = lecture.MeasureGap(t.Context(), settings)
	require.ErrorContains(t, err, "Rates is empty")
}

// Training that starts at the exact net, or a little beside it, does not leave it.
func TestBasinOfOneKink(t *testing.T) {
	kink := problem.Target{F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1}
	settings := lecture.BasinSettings{Target: kink, Width: 2, Shifts: []float64{0.001, 1}, Rate: 0.001, Steps: 300, Seeds: 3}
	b, err := lecture.MeasureBasin(t.Context(), settings)
	require.NoError(t, err)
	require.InDelta(t, 0, b.Best, 1e-6)
	require.Less(t, b.After[0].Value, b.Before[0].Value)
	require.Less(t, 10*b.Before[0].Value, b.Before[1].Value)
	require.False(t, math.IsNaN(b.Random.Value))
	settings.Target.F = nil
	_, err = lecture.MeasureBasin(t.Context(), settings)
	require.ErrorContains(t, err, "the target has no function")
}

func TestRetrainingAnExactNetLeavesItExact(t *testing.T) {
	exact, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	after, err := lecture.Retrain(t.Context(), exact, lecture.RetrainSettings{Target: line, Rate: 0.01, Steps: 100})
	require.NoError(t, err)
	require.InDelta(t, 0, after.Before, 1e-12)
	require.InDelta(t, 0, after.After, 1e-12)
	_, err = lecture.Retrain(t.Context(), relu.Sawtooth(3), lecture.RetrainSettings{Target: line, Rate: 0.01, Steps: 100})
	require.Error(t, err, "balanced is what has one hidden layer")
}

// A steep staircase has the target's value in the middle of each of its d+1 pieces.
func TestStaircase(t *testing.T) {
	for _, activation := range []problem.Activation{problem.Sigmoid, problem.Tanh} {
		f, err := lecture.Staircase(line, 4, 1000, activation)
		require.NoError(t, err)
		for _, x := range []float64{0.1, 0.3, 0.5, 0.7, 0.9} {
			require.InDelta(t, x, f(x), 1e-12)
		}
	}
}

func TestActivationsAreCompared(t *testing.T) {
	scores, err := lecture.CompareActivations(t.Context(), lecture.RateSettings{Target: line, Width: 4, Rates: []float64{1e-9, 0.03}, Steps: 200, Seeds: 2})
	require.NoError(t, err)
	for i, s := range scores {
		require.Equal(t, problem.Activations()[i], s.Activation)
		require.Equal(t, 1, s.BestRate(), "at a rate of 10⁻⁹ nothing is learned")
		require.LessOrEqual(t, s.Errors[1].Low, s.Errors[1].High)
		require.InDelta(t, 0.5, s.Best(0.5), 0.3)
	}
}

// Elbows that are spread over the interval at the start are not dead, and at a tiny rate none dies.
func TestNoneDiesAtATinyRate(t *testing.T) {
	dead, err := lecture.CountDead(t.Context(), lecture.RateSettings{Target: line, Width: 6, Rates: []float64{1e-9}, Steps: 5, Seeds: 3})
	require.NoError(t, err)
	require.Zero(t, dead[0].Share.Value)
}

func TestSignalsAreRelativeToTheLastLayer(t *testing.T) {
	signals, err := lecture.Signals(lecture.SignalSettings{Depth: 3, Width: 32, Scale: math.Sqrt2, Seeds: 2})
	require.NoError(t, err)
	require.Len(t, signals, 3)
	for _, s := range signals {
		require.Equal(t, []float64{1, 2, 3}, s.Layer)
		require.Equal(t, 1.0, s.Length[2].Value)
	}
	require.InDelta(t, 1, signals[0].Theory[0], 1e-12, "√2 is ReLU's scale")
	require.InDelta(t, 1./8, signals[2].Theory[0], 1e-12, "and a sigmoid's slope is ¼ at most")
	require.Less(t, signals[2].Length[0].Value, signals[0].Length[0].Value)
}

func TestDigitsAreLearned(t *testing.T) {
	scores, err := lecture.LearnDigits(t.Context(), lecture.DigitSettings{Activations: []problem.Activation{problem.ReLU}, Depths: []int{1}, Width: 16,
		Scale: math.Sqrt2, Rate: 0.02, Steps: 150, Seeds: 2})
	require.NoError(t, err)
	require.Greater(t, scores[0].Accuracy[0].Value, 0.6, "a guess has 0.1")
}

func TestDepthsHaveTheirParameters(t *testing.T) {
	training := lecture.Training{Target: lecture.Sawtooth(2), Rate: 0.01, Steps: 50, Seeds: 2}
	scores, err := lecture.CompareDepths(t.Context(), training, [][]int{{6}, {3, 3}})
	require.NoError(t, err)
	require.Equal(t, []int{3*6 + 1, 6 + 12 + 4}, []int{scores.Scores[0].Parameters, scores.Scores[1].Parameters})
	for _, regions := range scores.Scores[0].Regions {
		require.LessOrEqual(t, regions, 7.0, "six knots make seven pieces at most")
	}
	on, err := lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Target: lecture.Planes()[2], Widths: [][]int{{6}}, Rate: 0.01, Steps: 50, Seeds: 2})
	require.NoError(t, err)
	require.Equal(t, 4*6+1, on.Scores[0].Parameters)
	require.LessOrEqual(t, on.Scores[0].Regions[0], 22.0, "six lines cut a plane into 1 + 6 + 15 pieces at most")
	_, err = lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Widths: [][]int{{6}}, Rate: 0.01, Steps: 50, Seeds: 2})
	require.ErrorContains(t, err, "the target has no function")
}

// A net of ten units on a line has 31 parameters, of which each unit's scale is redundant.
func TestDegreesOfFreedom(t *testing.T) {
	d, err := lecture.CountDegrees([]int{1, 10, 1}, 300, 1)
	require.NoError(t, err)
	require.Equal(t, 31, d.Redundancy.Parameters)
	require.LessOrEqual(t, d.Rank, 31-d.Redundancy.Rescaling)
	require.Equal(t, d.Redundancy.Rank(), d.Rank)
	require.Less(t, d.Rescaled, 1e-12)
}

func TestToleranceDecidesWhatIsFound(t *testing.T) {
	training := lecture.Training{Target: line, Rate: 0.01, Steps: 20, Seeds: 3}
	for tolerance, share := range map[float64]float64{100: 1, 0: 0} {
		all, err := lecture.Search(t.Context(), training, []int{3}, tolerance)
		require.NoError(t, err)
		require.Equal(t, share, all[0].Rate.Value)
		require.Len(t, all[0].Errors, 3)
	}
}

// At a tiny rate no knot moves; a tenth of the interval lies within 1/20 of one kink.
func TestKnotsStayAtATinyRate(t *testing.T) {
	kink := problem.Target{F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1, Knots: []float64{0.5}}
	motion, err := lecture.FollowKnots(t.Context(), lecture.Training{Target: kink, Rate: 1e-9, Steps: 10, Seeds: 3}, 6)
	require.NoError(t, err)
	require.InDelta(t, 0.1, motion.Chance, 1e-9)
	require.InDelta(t, motion.NearBefore.Value, motion.NearAfter.Value, 1e-6)
	steps, knots := motion.Paths()
	require.Len(t, steps, 10)
	for _, path := range knots {
		require.InDelta(t, path[0], path[9], 1e-6)
	}
	frames := motion.Frames(4)
	require.Equal(t, []int{0, 10}, []int{frames[0], frames[len(frames)-1]})
}
