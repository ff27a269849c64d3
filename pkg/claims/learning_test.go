package claims

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

// The tests of chapter 5; they call what its cells call.

// certain is the confidence of an interval that misses what it is about in one case of 100,000.
const certain = 0.99999

// Section 5.1: the first knots and slopes; a unit's derivatives are sums over its side; at the end most of the bending is near a kink,
// and adds up to the target's.
func TestClaimN12ElbowsMove(t *testing.T) {
	const units = 20_000
	first := relu.Net{Layers: problem.Uniform([]int{1, units, 1}, 1)}
	inside, off, squares := 0, 0, 0.0
	for j, w := range first.Layers[0].W.RawRowView(0) {
		b, v := first.Layers[0].B[j], first.Layers[1].W.At(j, 0)
		if knot := -b / w; knot > 0 && knot < 1 {
			inside++
		}
		if b <= 0 && w+b <= 0 {
			off++
		}
		squares += v * w * v * w
	}
	for share, count := range map[float64]int{1. / 4: inside, 3. / 8: off} { // of the triangles of a square
		measured, err := stat.Proportion(count, units, certain)
		require.NoError(t, err)
		require.True(t, measured.Contains(share), "%v of %v", measured, share)
	}
	require.InEpsilon(t, 1./9, squares, 0.05, "a standard error is below 1 %")

	kinks := problem.Targets()[1]
	u, err := lecture.DifferentiateUnits(kinks, 20, 1)
	require.NoError(t, err)
	for j, w := range u.Net.Layers[0].W.RawRowView(0) {
		b, v, db, dw := u.Net.Layers[0].B[j], u.Net.Layers[1].W.At(j, 0), 0.0, 0.0
		for i, x := range u.X {
			if w*x+b > 0 {
				db, dw = db+v*u.R[i]/201, dw+v*u.R[i]*x/201
			}
		}
		k, speed, small := -b/w, 0.0, 1e-7 // the speed of the knot under gradient flow, and one small step
		for i, x := range u.X {
			if w*x+b > 0 {
				speed += v * u.R[i] * (1 + k*x) / (201 * w)
			}
		}
		require.InDelta(t, speed, (-(b-small*db)/(w-small*dw)-k)/small, 1e-5*(1+math.Abs(speed)), "unit %d", j)
		require.InDelta(t, db, u.Autodiff.Layers[0].B[j], 1e-13)
		require.InDelta(t, dw, u.Autodiff.Layers[0].W.At(0, j), 1e-13)
	}

	g, err := lecture.FollowKnots(t.Context(), lecture.Training{Target: kinks, Rate: 0.01, Steps: 4000, Seeds: 100}, 20)
	require.NoError(t, err)
	require.InDelta(t, 0.2, g.Chance, 1e-3, "two kinks, each with a twentieth on both sides")
	require.True(t, g.NearBefore.Contains(g.Chance), "the starts of the cell are as chance has it: %v", g.NearBefore)
	// Half of the width of a 95 % interval is 2 standard errors; 4.5 of them are missed once in 100,000.
	require.Greater(t, g.NearAfter.Value-4.5/2*(g.NearAfter.High-g.NearAfter.Value), 2*g.Chance)
	require.Greater(t, g.NearAfter.Value, 0.7)
	require.Equal(t, 0, g.Step[0])
	require.GreaterOrEqual(t, g.Step[len(g.Step)-1], 4000-4000/120, "the records follow the run to its end")
	require.Contains(t, g.String(), "the target's changes by 4.00.")
	require.Contains(t, g.String(), "the target's changes by -6.00.")

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
		require.InDelta(t, kinks.F(x), last.At(x), 0.05, "and it has learned")
	}
}

// found counts the errors below the tolerance of section 5.2.
func found(errors []float64) (n int) {
	for _, e := range errors {
		if e < 0.02 {
			n++
		}
	}
	return n
}

// surely is the interval, missed in one case of 100,000, of how often the errors are below the tolerance.
func surely(t *testing.T, errors []float64) stat.Interval {
	t.Helper()
	share, err := stat.Proportion(found(errors), len(errors), certain)
	require.NoError(t, err)
	return share
}

// Section 5.2: ten elbows are exact; from random starts ten are never found, at any rate of a grid, and 200 nearly always.
func TestClaimN11ExpressivityAndLearnability(t *testing.T) {
	target := problem.Lecturer()
	exact, err := relu.Uniform(target.F, target.Lo, target.Hi, 10)
	require.NoError(t, err)
	require.Less(t, lecture.MaxDifference(exact.At, target.F, target.Lo, target.Hi), 1e-14)

	all, err := lecture.Search(t.Context(), lecture.Training{Target: target, Rate: 0.01, Steps: 12_000, Seeds: 32}, []int{10, 200}, 0.02)
	require.NoError(t, err)
	narrow, wide := all[0], all[1]
	require.Zero(t, found(narrow.Errors))
	require.Less(t, surely(t, narrow.Errors).High, surely(t, wide.Errors).Low, "width buys learnability")
	require.Greater(t, wide.Rate.Value, 0.8)
	require.InDelta(t, slices.Min(wide.Errors), wide.Best, 0)
	off := 0.0
	xs, ys := target.Grid(201)
	for i, x := range xs {
		off += math.Pow(wide.Net.At(x)-ys[i], 2) / 201
	}
	require.InDelta(t, wide.Best, math.Sqrt(off), 1e-9, "the net shown is the best one")

	var medians []float64
	for _, rate := range []float64{0.003, 0.01, 0.03, 0.1} {
		tried, err := lecture.Search(t.Context(), lecture.Training{Target: target, Rate: rate, Steps: 12_000, Seeds: 8, Before: 100}, []int{10, 200}, 0.02)
		require.NoError(t, err)
		require.Zero(t, found(tried[0].Errors), "no rate finds it with ten units: %g", rate)
		longer, err := lecture.Search(t.Context(), lecture.Training{Target: target, Rate: rate, Steps: 40_000, Seeds: 8}, []int{10}, 0.02)
		require.NoError(t, err)
		require.Zero(t, found(longer[0].Errors), "nor do 40,000 steps: %g", rate)
		medians = append(medians, lecture.Quantile(tried[1].Errors, 0.5))
	}
	require.Equal(t, 1, slices.Index(medians, slices.Min(medians)), "0.01 is the best for 200 units, inside the grid: %v", medians)
}

// Section 5.2: training returns to the exact net from nearby alone, and the strongest units of a wide net do not succeed alone.
func TestClaimN11AttractionAndTickets(t *testing.T) {
	target := problem.Lecturer()
	exact, err := relu.Uniform(target.F, target.Lo, target.Hi, 10)
	require.NoError(t, err)
	exact, err = lecture.WithSpares(exact, 10, target.Lo, target.Hi)
	require.NoError(t, err)
	training := lecture.Training{Target: target, Rate: 0.01, Steps: 6000, Seeds: 40}
	back, err := lecture.Attract(t.Context(), lecture.AttractSettings{Training: training, Exact: exact, Deltas: []float64{0.01, 0.05, 0.1, 0.5}, Tolerance: 0.005,
		Disturb: func(net *relu.Net, delta float64, rng *rand.Rand) {
			for j, w := range net.Layers[0].W.RawRowView(0) {
				net.Layers[0].B[j] -= w * delta * rng.NormFloat64()
			}
		}})
	require.NoError(t, err)
	still, err := lecture.Attract(t.Context(), lecture.AttractSettings{Training: training, Exact: exact, Deltas: []float64{1}, Tolerance: 0.005,
		Disturb: func(*relu.Net, float64, *rand.Rand) {}})
	require.NoError(t, err)
	require.Less(t, slices.Max(still[0].Errors), 1e-4, "from the exact net itself Adam moves by what rounding leaves of the gradient")
	// The chance that each of nine kinks 0.1 apart has one of ten uniform knots within 0.05: the tenth lies outside of their reach, or beside another.
	require.InEpsilon(t, 1./500, math.Gamma(11)*math.Pow(0.1, 10)*(1+9./2), 0.01)
	require.Greater(t, back[0].Back.Value, 0.9)
	require.Greater(t, back[1].Back.Value, 0.5, "half return from between 0.05 …")
	require.Less(t, back[2].Back.Value, 0.5, "… and 0.1")
	require.Less(t, back[3].Back.Value, 0.1)
	far, err := stat.Proportion(int(math.Round(40*back[2].Back.Value)), 40, certain)
	require.NoError(t, err)
	require.Greater(t, surely(t, back[0].Errors).Low, far.High)
	near := slices.Sorted(slices.Values(back[0].Errors))
	require.Less(t, near[39], 0.001, "what returns is at the exact net, not only close")

	training.Steps, training.Seeds = 12_000, 32
	tickets, err := lecture.Tickets(t.Context(), lecture.TicketSettings{Training: training, Wide: 200, Keep: 50, Tolerance: 0.02})
	require.NoError(t, err)
	for _, ticket := range tickets[1:] {
		require.Less(t, surely(t, ticket.Errors).High, surely(t, tickets[0].Errors).Low, ticket.Name)
	}
	require.LessOrEqual(t, tickets[1].Rate.Value, tickets[3].Rate.High, "the strongest are no better than fresh ones")
}

// Section 5.3: staircases of sigmoids and of tanhs are the same function, with an error that falls like 1/d; trained, each
// non-linearity has its own best rate, inside the grid, and on what is smooth the smooth ones win, on kinks the kinked one.
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

	for k, target := range problem.Targets()[:2] {
		all, err := lecture.CompareActivations(t.Context(), lecture.RateSettings{Target: target, Width: 20, Rates: []float64{0.003, 0.01, 0.03, 0.1, 0.3, 1}, Steps: 3000, Seeds: 12})
		require.NoError(t, err)
		again := make(map[problem.Activation]float64)
		for _, l := range all {
			require.NotContains(t, []int{0, 5}, l.BestRate(), "%s on %s: the best rate lies inside", l.Activation, target.Name)
			again[l.Activation] = l.Again.Value
		}
		require.Less(t, all[0].Rate[all[0].BestRate()], all[2].Rate[all[2].BestRate()], "the sigmoid takes a larger rate")
		smooth := max(again[problem.Sigmoid], again[problem.Tanh])
		if k == 0 {
			require.Less(t, smooth, 0.8*again[problem.ReLU])
		} else {
			require.Less(t, again[problem.ReLU], 0.1*min(again[problem.Sigmoid], again[problem.Tanh]))
		}
	}
}

// Section 5.4: slopes are those of differences; the derivative that arrives is what theory says for every non-linearity and scale.
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
		for l := range 7 {
			// A layer of 64 changes the square by a factor with a standard deviation of about √(5/64): over 7 layers and
			// 20 seeds, 0.17 of the length; 4.5 times that would be passed once in 100,000. Theory's bias at this width is a few percent.
			require.InEpsilon(t, math.Pow(scale/math.Sqrt2, float64(7-l)), signals[0].Theory[l], 1e-9)
			for _, s := range signals {
				require.InEpsilon(t, s.Theory[l], s.Length[l].Value, 0.4, "%s", s.Activation)
			}
			require.LessOrEqual(t, signals[2].Theory[l], math.Pow(scale/4, float64(7-l)), "a sigmoid's slope is ¼ at most")
		}
		require.Less(t, signals[2].Length[0].Value, 1e-3)
		grows := signals[1].Length[0].Value > 1
		require.Equal(t, scale > 1.2, grows, "tanh grows at √2 and shrinks at 1")
		require.Equal(t, scale > 1.2, signals[1].Theory[0] > 1)
	}
	sigmoids, err := theory.NewMeanField(problem.Sigmoid.At, problem.Sigmoid.Slope, math.Sqrt2, 1, 50)
	require.NoError(t, err)
	require.InDelta(t, 0.101, sigmoids.Factor[49], 5e-4, "a little below 2/16, because the units saturate a little")
	plain, err := lecture.PassBack("plain", problem.Sigmoid, 0, lecture.SignalSettings{Depth: 50, Width: 64, Scale: math.Sqrt2})
	require.NoError(t, err)
	residual, err := lecture.PassBack("residual", problem.Sigmoid, 1, lecture.SignalSettings{Depth: 50, Width: 64, Scale: math.Sqrt2})
	require.NoError(t, err)
	require.Less(t, plain.Length[0], 1e-20)
	require.InDelta(t, 1.5, residual.Length[0], 1)
	require.InDelta(t, 6, math.Pow(1+residual.Chi[0], 25), 0.5, "what χ of the first layer would make of the length in 50 layers")
	require.Less(t, residual.Chi[49], 0.02, "but the layers saturate")
	require.InEpsilon(t, residual.Theory[0], residual.Length[0], 0.5)
	require.InEpsilon(t, 1, math.Log(plain.Theory[0])/math.Log(plain.Length[0]), 0.05)
}

// Section 5.4: four layers of sigmoids at s = √2 learn the digits in 300 steps at no rate; at s = 4 they do, as ReLU and tanh; large rates kill
// units, and a part is dead before training.
func TestClaimN8DeepNetsAndDeadUnits(t *testing.T) {
	settings := lecture.DigitSettings{Depths: []int{4}, Width: 24, Steps: 300, Seeds: 4}
	grid := []float64{0.003, 0.01, 0.03, 0.1, 0.3, 1}
	// learn trains the nets at several rates each, in one call, which compiles each shape once.
	learn := func(shown []lecture.DigitNets, rates func(lecture.DigitNets) [][]float64) (scores [][]*lecture.DigitScore) {
		var nets []lecture.DigitNets
		for _, s := range shown {
			for _, at := range rates(s) {
				nets = append(nets, lecture.DigitNets{Activation: s.Activation, Scale: s.Scale, Rates: at})
			}
		}
		learned, err := lecture.LearnDigits(t.Context(), settings, nets...)
		require.NoError(t, err)
		return slices.Collect(slices.Chunk(learned, len(nets)/len(shown)))
	}
	four := []lecture.DigitNets{{Activation: problem.ReLU, Scale: math.Sqrt2, Rates: []float64{0.03}}, {Activation: problem.Tanh, Scale: math.Sqrt2, Rates: []float64{0.03}},
		{Activation: problem.Sigmoid, Scale: 4, Rates: []float64{0.3}}, {Activation: problem.Sigmoid, Scale: math.Sqrt2}}
	for i, scores := range learn(four, func(lecture.DigitNets) [][]float64 { return slices.Collect(slices.Chunk(grid, 1)) }) {
		shown := four[i]
		known := figure.Each(scores, func(l *lecture.DigitScore) float64 { return l.Known[0].Value })
		unknown := figure.Each(scores, func(l *lecture.DigitScore) float64 { return l.Unknown[0].Value })
		if shown.Rates == nil {
			require.Less(t, slices.Max(unknown), 0.2, "as good as a guess: %v", unknown)
			continue
		}
		best := slices.Index(known, slices.Max(known))
		require.Greater(t, unknown[best], 0.75, "%s: %v", shown, unknown)
		require.NotContains(t, []int{0, len(grid) - 1}, best, "%s: the best rate lies inside", shown)
		require.Greater(t, known[slices.Index(grid, shown.Rates[0])], known[best]-0.01, "%s: the rate of the cell is as good as the best: %v", shown, known)
	}
	// With one layer and with eight the cell's rates are no worse than their neighbors in the grid.
	settings.Depths = []int{1, 8}
	others := []lecture.DigitNets{{Activation: problem.ReLU, Scale: math.Sqrt2, Rates: []float64{0.1, 0.01}}, {Activation: problem.Tanh, Scale: math.Sqrt2, Rates: []float64{0.1, 0.01}},
		{Activation: problem.Sigmoid, Scale: math.Sqrt2, Rates: []float64{0.3, 0.1}}, {Activation: problem.Sigmoid, Scale: 4, Rates: []float64{0.3, 0.1}}}
	neighbors := func(shown lecture.DigitNets) (rates [][]float64) {
		for k := range 3 {
			at := func(rate float64) float64 { return grid[slices.Index(grid, rate)+k-1] }
			rates = append(rates, []float64{at(shown.Rates[0]), at(shown.Rates[1])})
		}
		return rates
	}
	for i, scores := range learn(others, neighbors) {
		for d := range settings.Depths {
			known := figure.Each(scores, func(l *lecture.DigitScore) float64 { return l.Known[d].Value })
			require.Greater(t, known[1], slices.Max(known)-0.01, "%s, %d layers: %v", others[i], settings.Depths[d], known)
		}
	}

	rates := lecture.RateSettings{Target: problem.Targets()[0], Width: 20, Rates: []float64{0.001, 0.1, 1}, Steps: 2000, Seeds: 40}
	dead, err := lecture.CountDead(t.Context(), rates)
	require.NoError(t, err)
	require.Zero(t, dead[0].Start.Value, "knots on the data leave no unit dead")
	require.Less(t, dead[0].Share.Value, 0.2)
	require.InDelta(t, 0.55, dead[1].Share.Value, 0.15, "about every second one")
	require.Greater(t, dead[2].Share.Value, 0.9)
	rates.Start, rates.Rates, rates.Steps, rates.Seeds = problem.Uniform, []float64{0.001}, 1, 500
	uniform, err := lecture.CountDead(t.Context(), rates)
	require.NoError(t, err)
	require.InDelta(t, 3./8, uniform[0].Start.Value, 0.025, "5 standard errors of 10,000 units")
}

// Section 5.5: a sawtooth takes few parameters in depth; one hidden layer with a unit for each kink cannot be it, one more can.
func TestClaimN9Folds(t *testing.T) {
	costs, err := lecture.CountTeeth(10)
	require.NoError(t, err)
	for i, c := range costs {
		depth := i + 1
		net := relu.Sawtooth(depth)
		regions, err := net.Regions(0, 1)
		require.NoError(t, err)
		require.Equal(t, 1<<depth, regions)
		require.Equal(t, c.Deep, net.Parameters())
		tooth := lecture.Sawtooth(depth)
		shallow, err := relu.Uniform(tooth.F, 0, 1, 1<<depth)
		require.NoError(t, err)
		require.Equal(t, c.Shallow, shallow.Parameters())
		require.Less(t, lecture.MaxDifference(shallow.At, tooth.F, 0, 1), 1e-9, "2^L units are enough")
		for k := range 1<<depth + 1 { // up at the odd multiples, down at the even ones: it crosses ½ in each piece
			require.InDelta(t, float64(k%2), tooth.F(float64(k)/float64(int(1)<<depth)), 1e-12)
		}
		if depth > 1 {
			most, err := relu.ShallowRegions(1, 1<<depth-2)
			require.NoError(t, err)
			require.EqualValues(t, 1<<depth-1, most, "two units fewer have too few pieces to cross as often")
		}
	}
	for i, want := range []float64{0.60, 0.23, 0.08} { // as a fit in NumPy has it
		require.InDelta(t, want, costs[i].OnePerKink, 0.005)
		require.Less(t, costs[i].OneMore, 1e-12)
	}
}

// depthRates are those that the cells of section 5.5 choose from.
var depthRates = []float64{0.001, 0.003, 0.01, 0.03, 0.1}

// contenders are nets of the shapes, each at the rate that is given for it; if none are given, at the best of depthRates.
func contenders(shapes [][]int, rates ...float64) (all []lecture.Contender) {
	for i, widths := range shapes {
		contender := lecture.Contender{Widths: widths, Rates: depthRates}
		if len(rates) > 0 {
			contender.Rates = rates[i : i+1]
		}
		all = append(all, contender)
	}
	return all
}

// asGood demands that each net's best rate lies inside the grid, and that the rate of the cell is about as good: on the few starts of a test
// the medians at neighboring rates are often nearer to each other than their noise.
func asGood(t *testing.T, depths *lecture.Depths, shown []float64) {
	t.Helper()
	for i, s := range depths.Scores {
		best := slices.Index(depthRates, s.Rate)
		require.NotContains(t, []int{0, len(depthRates) - 1}, best, "%s: the best rate lies inside: %v", depths.Target, s.Tried)
		require.LessOrEqual(t, s.Tried[slices.Index(depthRates, shown[i])], 1.5*s.Tried[best], "%s: the rate of the cell is about as good: %v", depths.Target, s.Tried)
	}
}

// Section 5.5: trained on one input, the shallow net has the smaller errors on the sine and on the sawtooth, each at a rate of its own.
func TestClaimN9DepthOnOneInput(t *testing.T) {
	shapes := [][]int{{48}, {10, 10}, {7, 7, 7}}
	for k, target := range []problem.Target{problem.Targets()[0], problem.Lecturer(), lecture.Sawtooth(3)} {
		training := lecture.Training{Target: target, Steps: 8000, Seeds: 6}
		shown := [][]float64{{0.003, 0.03, 0.003}, {0.03, 0.03, 0.003}, {0.01, 0.01, 0.01}}[k]
		depths, err := lecture.CompareDepths(t.Context(), training, contenders(shapes)...)
		require.NoError(t, err)
		asGood(t, depths, shown)
		if k == 1 {
			continue
		}
		training.Seeds, training.Before = 24*(1+k), 100
		final, err := lecture.CompareDepths(t.Context(), training, contenders([][]int{{48}, {7, 7, 7}}, shown[0], shown[2])...)
		require.NoError(t, err)
		shallow, deep := final.Scores[0], final.Scores[1]
		require.Less(t, apart(t, shallow.Errors, deep.Errors), 0.0, "%s: the shallow net wins", target.Name)
		require.Less(t, lecture.Quantile(shallow.Errors, 0.5), lecture.Quantile(deep.Errors, 0.5), target.Name)
		require.Greater(t, lecture.Quantile(shallow.Pieces, 0.5), lecture.Quantile(deep.Pieces, 0.5), "and has more pieces")
		require.Less(t, lecture.Quantile(deep.Pieces, 0.5), 1.2*21, "about as many as units: far from 8³")
		require.Less(t, lecture.Quantile(shallow.Errors, 0.5), final.Constant/2, "and has learned")
		require.Equal(t, []int{145, 134}, []int{shallow.Parameters, deep.Parameters})
	}
}

// inThePlane are the medians that section 5.5 states, of 240 starts after the seed 400: [target][layers].
var inThePlane = [2][3]stat.Interval{
	{{Value: 0.1746, Low: 0.1711, High: 0.1806}, {Value: 0.1643, Low: 0.1518, High: 0.1739}, {Value: 0.2253, Low: 0.2154, High: 0.2461}},
	{{Value: 0.2931, Low: 0.2876, High: 0.3007}, {Value: 0.3009, Low: 0.2880, High: 0.3070}, {Value: 0.2623, Low: 0.2427, High: 0.2780}},
}

// Section 5.5: in the plane it depends on the function: on the rings three layers are better than one, on the checkerboard they are worse than two.
func TestClaimN9DepthInThePlane(t *testing.T) {
	shapes := [][]int{{80}, {16, 16}, {11, 11, 11}}
	for k, target := range lecture.Planes()[:2] {
		shown := [][]float64{{0.01, 0.01, 0.01}, {0.03, 0.01, 0.01}}[k]
		tried, err := lecture.CompareDepthsOnPlane(t.Context(), lecture.PlaneSettings{Target: target, Steps: 4000, Seeds: 8}, contenders(shapes)...)
		require.NoError(t, err)
		asGood(t, tried, shown)
		seeds := []int{200, 120}[k] // enough that the difference is 6 standard errors, which another machine's rounding may lower by one
		var scores []*lecture.DepthScore
		for i, stated := range inThePlane[k] {
			settings := lecture.PlaneSettings{Target: target, Steps: 4000, Seeds: seeds, Before: 200}
			if i == k {
				settings.Seeds = 40 // only its median is tested
			}
			depths, err := lecture.CompareDepthsOnPlane(t.Context(), settings, contenders(shapes[i:i+1], shown[i])...)
			require.NoError(t, err)
			score := depths.Scores[0]
			// A standard error of these medians is 7 % or less.
			require.InEpsilon(t, stated.Value, lecture.Quantile(score.Errors, 0.5), 0.25, "%s, %d layers", target.Name, i+1)
			require.Less(t, lecture.Quantile(score.Errors, 0.5), 0.6*depths.Constant, "it has learned something")
			scores = append(scores, score)
		}
		ahead := apart(t, scores[1-k].Errors, scores[2].Errors)
		if k == 0 {
			require.Less(t, ahead, 0.0, "three layers lose on the checkerboard")
		} else {
			require.Greater(t, ahead, 0.0, "three layers win on the rings")
		}
	}
}

// apart is how far the mean ranks of two samples differ among all their values, less what the confidence interval leaves open: beyond 0 on
// the side of the difference, if there is one for certain. Ranks do not mind that a few runs are a thousand times as good as the others.
func apart(t *testing.T, first, second []float64) float64 {
	t.Helper()
	sorted := slices.Sorted(slices.Values(slices.Concat(first, second)))
	ranks := func(xs []float64) (rs []float64) {
		for _, x := range xs {
			rank, _ := slices.BinarySearch(sorted, x)
			rs = append(rs, float64(rank))
		}
		return rs
	}
	d, err := stat.Difference(ranks(first), ranks(second), certain)
	require.NoError(t, err)
	t.Logf("mean ranks differ by %.1f of %d", d, len(sorted))
	if d.Value > 0 {
		return max(d.Low, 0)
	}
	return min(d.High, 0)
}

// Section 5.6: for one hidden layer the rank is what a count of units predicts; it is never more than the parameters less a scale a
// unit, nor, on one input, than two for each region; and rescaling changes nothing.
func TestClaimN10Redundancy(t *testing.T) {
	d, err := lecture.CountDegrees([]int{1, 10, 1}, 300, 1)
	require.NoError(t, err)
	require.Equal(t, 31, d.Redundancy.Parameters)
	require.Equal(t, 18, d.Rank, "as shown")
	require.Equal(t, 2*d.Regions, d.Rank)
	all, err := lecture.SurveyDegrees(60)
	require.NoError(t, err)
	require.Len(t, all, 60)
	require.InDelta(t, 0.7, lecture.CorrelationWithParameters(all, 1), 0.25)
	require.Greater(t, lecture.CorrelationWithParameters(all, 2), 0.9, "with two inputs the rank follows the parameters")
	require.True(t, math.IsNaN(lecture.CorrelationWithParameters(all, 3)))
	for _, d := range all {
		units := 0
		for _, width := range d.Sizes[1 : len(d.Sizes)-1] {
			units += width
		}
		require.Less(t, d.Rescaled, 1e-12)
		require.Equal(t, d.Redundancy.Parameters-units, d.Scaled())
		require.LessOrEqual(t, d.Rank, d.Scaled(), "%v", d.Sizes)
		if d.Sizes[0] == 1 {
			require.LessOrEqual(t, d.Rank, 2*d.Regions, "%v", d.Sizes)
		}
		if d.Shallow() {
			require.Equal(t, d.Redundancy.Rank(), d.Rank, "%v", d.Sizes)
		}
	}
}
