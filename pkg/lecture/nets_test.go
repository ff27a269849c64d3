package lecture_test

import (
	"math"
	"math/rand/v2"
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
	settings.Rates = []float64{1e200, 1e250}
	gaps, err = lecture.MeasureGap(t.Context(), settings)
	require.NoError(t, err)
	require.Nil(t, gaps[0].Nets.Trained)
	require.True(t, math.IsNaN(gaps[0].Trained.Value))
	require.Contains(t, gaps[0].String(), "every training run diverged")
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

// An exact net stays exact when its weights are balanced.
func TestBalanced(t *testing.T) {
	exact, err := relu.Uniform(line.F, 0, 1, 2)
	require.NoError(t, err)
	balanced, err := lecture.Balanced(exact)
	require.NoError(t, err)
	require.InDelta(t, 0, lecture.MaxDifference(balanced.At, line.F, 0, 1), 1e-12)
	elbows, _, err := balanced.Elbows()
	require.NoError(t, err)
	for _, e := range elbows {
		require.InDelta(t, math.Abs(e.V), math.Abs(e.W), 1e-12)
	}
	_, err = lecture.Balanced(relu.Sawtooth(3))
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
		require.InDelta(t, 0.5, s.Median(0.5), 0.3)
		require.NotEqual(t, s.Errors[1], s.Again, "over other seeds")
	}
}

// Elbows that are spread over the interval at the start are not dead, and at a tiny rate none dies.
func TestNoneDiesAtATinyRate(t *testing.T) {
	dead, err := lecture.CountDead(t.Context(), lecture.RateSettings{Target: line, Width: 6, Rates: []float64{1e-9}, Steps: 5, Seeds: 3})
	require.NoError(t, err)
	require.Zero(t, dead[0].Share.Value)
	require.Zero(t, dead[0].Start.Value)
	uniform, err := lecture.CountDead(t.Context(), lecture.RateSettings{Target: line, Width: 200, Rates: []float64{1e-9}, Steps: 5, Seeds: 3, Start: problem.Uniform})
	require.NoError(t, err)
	require.InDelta(t, 3./8, uniform[0].Start.Value, 0.1, "of 600 units; a standard error is 0.02")
	require.Equal(t, uniform[0].Start, uniform[0].Share)
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
	require.Less(t, signals[2].Theory[0], 1./8, "and a sigmoid's slope is ¼ at most")
	require.Greater(t, signals[2].Theory[0], 1./16)
	require.Less(t, signals[2].Length[0].Value, signals[0].Length[0].Value)
}

func TestDigitsAreLearned(t *testing.T) {
	scores, err := lecture.LearnDigits(t.Context(), lecture.DigitSettings{Depths: []int{1}, Width: 16, Steps: 150, Seeds: 2},
		lecture.DigitNets{Activation: problem.ReLU, Scale: math.Sqrt2, Rates: []float64{0.02}})
	require.NoError(t, err)
	require.Greater(t, scores[0].Unknown[0].Value, 0.6, "a guess has 0.1")
	require.Greater(t, scores[0].Known[0].Value, 0.6)
	_, err = lecture.LearnDigits(t.Context(), lecture.DigitSettings{Depths: []int{1, 2}, Width: 16, Steps: 150, Seeds: 2},
		lecture.DigitNets{Activation: problem.ReLU, Scale: 1, Rates: []float64{0.02}})
	require.ErrorContains(t, err, "give one for each of the 2 depths")
}

func TestDepthsHaveTheirParameters(t *testing.T) {
	one := []float64{0.01}
	training := lecture.Training{Target: lecture.Sawtooth(2), Steps: 50, Seeds: 2}
	scores, err := lecture.CompareDepths(t.Context(), training, lecture.Contender{Widths: []int{6}, Rates: one}, lecture.Contender{Widths: []int{3, 3}, Rates: one})
	require.NoError(t, err)
	require.Equal(t, []int{3*6 + 1, 6 + 12 + 4}, []int{scores.Scores[0].Parameters, scores.Scores[1].Parameters})
	require.InDelta(t, 1/math.Sqrt(12), scores.Constant, 0.01, "the standard deviation of what is uniform on [0, 1]")
	for _, pieces := range scores.Scores[0].Pieces {
		require.LessOrEqual(t, pieces, 7.0, "six knots make seven pieces at most")
	}
	on, err := lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Target: lecture.Planes()[2], Steps: 50, Seeds: 2}, lecture.Contender{Widths: []int{6}, Rates: one})
	require.NoError(t, err)
	require.Equal(t, 4*6+1, on.Scores[0].Parameters)
	require.Len(t, on.Scores[0].Pieces, 1)
	require.LessOrEqual(t, on.Scores[0].Pieces[0], 22.0, "six lines cut a plane into 1 + 6 + 15 pieces at most")
	_, err = lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Steps: 50, Seeds: 2}, lecture.Contender{Widths: []int{6}, Rates: one})
	require.ErrorContains(t, err, "the target has no function")
	_, err = lecture.CompareDepths(t.Context(), training, lecture.Contender{Widths: []int{6}})
	require.ErrorContains(t, err, "give one or several")
}

// Of several rates the best one is kept, and what is reported comes from other seeds.
func TestTheRateIsChosenOnOtherSeeds(t *testing.T) {
	training := lecture.Training{Target: line, Steps: 100, Seeds: 3}
	chosen, err := lecture.CompareDepths(t.Context(), training, lecture.Contender{Widths: []int{4}, Rates: []float64{1e-9, 0.03, 1e-8}})
	require.NoError(t, err)
	s := chosen.Scores[0]
	require.Equal(t, 0.03, s.Rate, "at tiny rates nothing is learned")
	require.Len(t, s.Tried, 3)
	require.Len(t, s.Pieces, 3)
	training.Before = 3
	fixed, err := lecture.CompareDepths(t.Context(), training, lecture.Contender{Widths: []int{4}, Rates: []float64{0.03}})
	require.NoError(t, err)
	require.Equal(t, fixed.Scores[0].Errors, s.Errors)
	require.NotContains(t, s.Errors, s.Tried[1])
	off := 0.0
	xs, ys := line.Grid(201)
	for i, x := range xs {
		off += math.Pow(s.Net.At(x)-ys[i], 2) / 201
	}
	require.InDelta(t, lecture.Quantile(s.Errors, 0.5), math.Sqrt(off), 1e-12, "the net is the one with the median error")
}

// A net that is not disturbed stays, one that is thrown far does not come back in no time, and spares change nothing.
func TestAttraction(t *testing.T) {
	kink := problem.Target{F: func(x float64) float64 { return math.Abs(x - 0.5) }, Hi: 1}
	exact, err := relu.Uniform(kink.F, 0, 1, 2)
	require.NoError(t, err)
	spared, err := lecture.WithSpares(exact, 5, 0, 1)
	require.NoError(t, err)
	require.Equal(t, []int{5}, spared.Widths())
	require.Less(t, lecture.MaxDifference(exact.At, spared.At, 0, 1), 1e-12)
	_, err = lecture.WithSpares(exact, 1, 0, 1)
	require.ErrorContains(t, err, "the net has 2 units already")

	settings := lecture.AttractSettings{Training: lecture.Training{Target: kink, Rate: 1e-6, Steps: 5, Seeds: 3}, Exact: spared, Deltas: []float64{0, 10}, Tolerance: 0.02,
		Disturb: func(net *relu.Net, delta float64, rng *rand.Rand) { net.Layers[1].B[0] += delta * (1 + rng.Float64()) }}
	all, err := lecture.Attract(t.Context(), settings)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0}, []float64{all[0].Back.Value, all[1].Back.Value})
	require.Less(t, all[0].Errors[0], 1e-9)
	require.Greater(t, all[1].Errors[0], 9.9)
	require.Greater(t, all[1].Starts[0].At(0)-exact.At(0), 9.9, "the starts are kept")
	require.Zero(t, exact.Layers[1].B[0]-spared.Layers[1].B[0], "and the exact net is left as it was")
	require.Equal(t, "δ = 0     100 % (44 to 100 %) return", all[0].String())
	require.Contains(t, drawn(t, lecture.DrawAttraction(all[1:], 0.5)), "Vertical line at 0.5: distance of kinks")
	require.Contains(t, drawn(t, all[1].Draw(kink)), "It does not: error 1")
	require.NotContains(t, drawn(t, all[1].Draw(kink)), "It returns")
	all[1].Errors[2], all[1].Ends[2] = 0.001, exact
	require.Contains(t, drawn(t, all[1].Draw(kink)), "It returns: error 0.001. Horizontal axis: x, from 0 to 1. Vertical axis: f(x)")
	settings.Disturb = nil
	_, err = lecture.Attract(t.Context(), settings)
	require.ErrorContains(t, err, "Disturb is nil")
}

// Kept alone, all units of a net are the net; at a tiny rate the strongest are those of the start.
func TestTicketsOfAllUnits(t *testing.T) {
	settings := lecture.TicketSettings{Training: lecture.Training{Target: line, Rate: 0.01, Steps: 20, Seeds: 2}, Wide: 4, Keep: 4, Tolerance: 0.02}
	tickets, err := lecture.Tickets(t.Context(), settings)
	require.NoError(t, err)
	require.Len(t, tickets, 4)
	for _, ticket := range tickets[1:] { // in another order of the units, so up to rounding
		require.InDeltaSlice(t, tickets[0].Errors, ticket.Errors, 1e-9, ticket.Name)
	}
	require.Contains(t, drawn(t, lecture.DrawTickets(tickets)), "strongest 4")
	settings.Keep = 2
	fewer, err := lecture.Tickets(t.Context(), settings)
	require.NoError(t, err)
	require.Equal(t, tickets[0].Errors, fewer[0].Errors)
	require.Equal(t, 2, fewer[1].Width)
	settings.Keep = 5
	_, err = lecture.Tickets(t.Context(), settings)
	require.ErrorContains(t, err, "Keep is 5: it must be at most Wide, 4")
}

// One layer of a stack is a factor that can be computed; a residual connection with a flat non-linearity passes everything on.
func TestPassages(t *testing.T) {
	deep := lecture.SignalSettings{Depth: 30, Width: 64, Scale: math.Sqrt2}
	plain, err := lecture.PassBack("plain", problem.ReLU, 0, deep)
	require.NoError(t, err)
	require.Len(t, plain.Length, 31)
	require.Equal(t, 1.0, plain.Length[30])
	require.InDelta(t, 1, plain.Length[0], 0.9, "√2 is ReLU's scale")
	require.Len(t, plain.Chi, 30)
	for l, chi := range plain.Chi { // s² times the part of the units that are on
		require.InDelta(t, math.Round(32*chi), 32*chi, 1e-9, "layer %d", l+1)
		require.InEpsilon(t, math.Sqrt(chi), plain.Theory[l]/plain.Theory[l+1], 1e-12)
	}
	deep.Scale = 1e-9
	residual, err := lecture.PassBack("residual", problem.Sigmoid, 1, deep)
	require.NoError(t, err)
	require.InDelta(t, 1, residual.Length[0], 1e-6, "weights of nothing")
	require.InDelta(t, 1, residual.Theory[0], 1e-6)
	require.Contains(t, drawn(t, lecture.DrawPassages(plain, residual)), "residual (line)")
	_, err = lecture.PassBack("none", problem.ReLU, 0, lecture.SignalSettings{Depth: 0, Width: 3, Scale: 1})
	require.ErrorContains(t, err, "Depth is 0")
}

// The sums over the points where a unit is on, by hand: one unit, one point beyond the knot in four.
func TestUnitGradients(t *testing.T) {
	u, err := lecture.DifferentiateUnits(line, 3, 2)
	require.NoError(t, err)
	require.Len(t, u.R, 201)
	for j, w := range u.Net.Layers[0].W.RawRowView(0) {
		b, v, sum := u.Net.Layers[0].B[j], u.Net.Layers[1].W.At(j, 0), 0.0
		for i, x := range u.X {
			require.InDelta(t, u.Net.At(x)-x, u.R[i], 1e-12)
			if w*x+b > 0 {
				sum += u.R[i] * v / 201
			}
		}
		require.InDelta(t, sum, u.Autodiff.Layers[0].B[j], 1e-12)
		require.Contains(t, drawn(t, u.Draw(j)), "its knot")
	}
	_, err = lecture.DifferentiateUnits(problem.Target{}, 3, 2)
	require.ErrorContains(t, err, "the target has no function")
	require.Contains(t, drawn(t, lecture.DrawFirstKnots([]float64{0.5, -9})), "theory (theory)")
	require.Panics(t, func() { lecture.DrawFirstKnots(nil) })
}

// With a unit at the only kink a tent is best met at 0.6 off; what the fits say of the table is in pkg/claims.
func TestTeethAreCounted(t *testing.T) {
	costs, err := lecture.CountTeeth(4)
	require.NoError(t, err)
	require.Equal(t, []int{7, 7, 25, 49}, []int{costs[0].Deep, costs[0].Shallow, costs[3].Deep, costs[3].Shallow})
	require.True(t, math.IsNaN(costs[3].OneMore), "too many ways")
	require.Contains(t, drawn(t, lecture.DrawTeethCost(costs)), "one hidden layer (line): from 7 to 49")
	_, err = lecture.CountTeeth(21)
	require.ErrorContains(t, err, "depth is 21")
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
	require.Len(t, steps, 11)
	for _, path := range knots {
		require.InDelta(t, path[0], path[10], 1e-6)
	}
	frames := motion.Frames(4)
	require.Equal(t, []int{0, 10}, []int{frames[0], frames[len(frames)-1]})
}
