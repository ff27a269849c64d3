package claims

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/lecture"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// The tests of chapter 3; they call what its cells call. As in chapter 2, wide intervals are of ±4.5 standard errors, of
// which one in 10,000 or fewer would miss, and the seeds are fixed.

// Section 3.1: the slopes are those of exact theory for every power; powers in (0, 1] go down, 0 stays, 2 stops on the
// way, whatever Robbins and Monro's second condition says of ½.
func TestClaimS9TheRateMustDecay(t *testing.T) {
	s := patients(t, 0)
	powers := []float64{0, 0.5, 1, 2}
	decays, err := lecture.MeasureDecay(t.Context(), s, lecture.DecaySettings{Batch: 4, Rate: 0.2, Tau: 50, Powers: powers, Steps: 10_000, Seeds: 60})
	require.NoError(t, err)
	limits := []float64{0, -0.5, -1, 0}
	for i, d := range decays {
		require.Zero(t, d.Diverged)
		require.True(t, wide(d.Slope).Contains(d.Exact), "p = %g: slope %v, theory %v", d.Power, d.Slope, d.Exact)
		require.Less(t, d.Slope.High-d.Slope.Low, 0.4, "the interval is narrow enough to tell")
		require.InDelta(t, limits[i], d.Limit, 1e-12)
		for k, v := range d.Distance {
			// A mean of 60 squares is skewed: upwards it errs by more than its interval knows.
			require.InDelta(t, d.Predicted[k], v.Value, 0.75*d.Predicted[k], "p = %g, step %d", d.Power, d.Step[k])
		}
	}
	require.InDelta(t, limits[1], decays[1].Exact, 0.02)
	require.InDelta(t, limits[2], decays[2].Exact, 0.02)
	for i, arrives := range []bool{true, true, true, false} {
		a, _ := theory.RobbinsMonro(powers[i])
		require.Equal(t, arrives, a)
	}
	last := len(decays[3].Predicted) - 1
	require.Greater(t, decays[3].Predicted[last], 0.8*decays[3].Predicted[last-4], "p = 2 has stopped")
	for k, step := range decays[3].Step { // and yet it is ahead for long
		require.Less(t, decays[3].Predicted[k], decays[1].Predicted[k], "p = ½ at step %d", step)
		require.Equal(t, step < 4354, decays[3].Predicted[k] < decays[2].Predicted[k], "p = 1 at step %d", step)
	}
	sgd, err := s.SGD(4)
	require.NoError(t, err)
	apart := func(steps int) float64 { // how far p = 2 is ahead of p = 1
		one, err := lecture.InverseTime(0.2, 50, 1)
		require.NoError(t, err)
		two, err := lecture.InverseTime(0.2, 50, 2)
		require.NoError(t, err)
		return sgd.After(one.At, s.Start, steps).SquaredDistance - sgd.After(two.At, s.Start, steps).SquaredDistance
	}
	require.Positive(t, apart(4350))
	require.Negative(t, apart(4450), "p = 1 passes at about step 4,400")

	averages, err := lecture.MeasureAveraging(t.Context(), s, lecture.AveragingSettings{Batch: 4, Rates: []float64{0.05, 0.2}, Tau: 50, Power: 0.5, Steps: 10_000, Seeds: 60})
	require.NoError(t, err)
	for _, a := range averages {
		end := len(a.Step) - 1
		require.True(t, wide(a.Average[end]).Contains(a.PredictedAverage[end]))
		require.True(t, wide(a.Last[end]).Contains(a.PredictedLast[end]))
		require.InEpsilon(t, a.Ruppert[end], a.PredictedAverage[end], 0.05, "whatever the rate")
		require.Greater(t, a.Last[end].Value, 8*a.Average[end].Value)
	}
	require.Greater(t, averages[1].PredictedLast[len(averages[1].Step)-1], 3*averages[0].PredictedLast[len(averages[0].Step)-1])
}

// Section 3.2: under steady drift the best constant rate follows better than other constant rates, than 1/t, and than restarts, each at its
// own best. When the optimum jumps, restarts at the jumps or a little before are better than any constant rate. Those that come 25 steps late are worse, and
// so are those that know nothing of the jumps.
func TestClaimS14OnlineLearningNeedsItsOwnSchedule(t *testing.T) {
	streams, err := lecture.NewStreams(lecture.StreamSettings{Streams: 4, Examples: 20_000, Noise: 0.5, Velocity: 0.001})
	require.NoError(t, err)
	best, err := streams.Theory.BestTrackingRate(streams.Drift)
	require.NoError(t, err)
	var named []lecture.NamedSchedule
	for _, part := range []float64{1, 0.25, 4} {
		eta, err := schedule.Constant(part * best)
		require.NoError(t, err)
		named = append(named, lecture.NamedSchedule{Name: fmt.Sprint(part), Schedule: eta})
	}
	trackers, err := lecture.Track(t.Context(), streams, named)
	require.NoError(t, err)
	for i, tr := range trackers {
		// Over 4 × 16,000 steps, of which some hundred are independent: well within 20 %.
		require.InEpsilon(t, tr.Expected, tr.LongRun.Value, 0.2, tr.Name)
		require.True(t, i == 0 || tr.LongRun.Value > 1.2*trackers[0].LongRun.Value, tr.Name)
	}

	falling := func(rate float64, t int) float64 { return rate / (1 + float64(t)/50) }
	restarts := func(name string, every, first int) lecture.Family {
		return lecture.Family{Name: name, Eta: func(rate float64, t int) float64 { return falling(rate, (t+every-first)%every) }}
	}
	follow := func(settings lecture.StreamSettings, families ...lecture.Family) map[string]*lecture.Tracker {
		settings.Streams, settings.Examples, settings.Noise = 16, 10_000, 0.5
		streams, err := lecture.NewStreams(settings)
		require.NoError(t, err)
		trackers, err := lecture.Follow(t.Context(), streams, families...)
		require.NoError(t, err)
		by := map[string]*lecture.Tracker{}
		for _, tr := range trackers {
			require.True(t, tr.Search.Inside(), "%s: no best rate on the edge", tr.Name)
			require.Equal(t, tr.Name == "1/t", tr.Search.Capped(), "%s: only this one's best rate is at the cap of the search", tr.Name)
			require.True(t, wide(tr.LongRun).Contains(tr.Expected), "%s: %v, theory %v", tr.Name, tr.LongRun, tr.Expected)
			by[tr.Name] = tr
		}
		return by
	}
	drift := follow(lecture.StreamSettings{Velocity: 0.001}, lecture.ConstantRate(), lecture.Family{Name: "1/t", Eta: falling},
		lecture.Family{Name: "late 1/t", Eta: func(rate float64, t int) float64 { return rate / (1 + float64(t)/1000) }}, restarts("restarts", 1000, 0))
	for _, name := range []string{"1/t", "restarts"} {
		require.Greater(t, drift[name].Expected, 1.2*drift["constant"].Expected, name)
		require.Greater(t, wide(drift[name].LongRun).Low, drift["constant"].Expected, name)
	}
	require.Greater(t, drift["late 1/t"].Expected, drift["constant"].Expected, "nearly constant and nearly as good")
	require.Less(t, drift["late 1/t"].Expected, 1.3*drift["constant"].Expected)
	require.Greater(t, drift["1/t"].Distance[99], 3*drift["1/t"].Distance[19], "1/t falls ever farther behind")
	// NumPy: the covariance of θ for normal features, at the best of rates 1.25 apart. A period that divides the time between the jumps meets them all in one
	// phase, so it counts as ignorant of the jumps in no phase alone.
	jumps := follow(lecture.StreamSettings{Walk: 1, Every: 1000}, lecture.ConstantRate(), restarts("at the jumps", 1000, 0),
		restarts("300 early", 1000, 700), restarts("200 early", 1000, 800), restarts("150 early", 1000, 850), restarts("100 early", 1000, 900), restarts("10 late", 1000, 10), restarts("25 late", 1000, 25), restarts("100 late", 1000, 100),
		restarts("every 210", 210, 0), restarts("every 700", 700, 0), restarts("every 200", 200, 0), restarts("every 200, from 75 on", 200, 75),
		restarts("every 333", 333, 0))
	for name, want := range map[string]float64{"constant": 0.0556, "at the jumps": 0.0262, "200 early": 0.0554, "100 early": 0.0428, "10 late": 0.0436, "25 late": 0.0646,
		"100 late": 0.1059, "every 210": 0.0611, "every 700": 0.0762, "every 200": 0.0419, "every 200, from 75 on": 0.0705} {
		require.InEpsilon(t, want, jumps[name].Expected, 0.03, name)
	}
	require.Less(t, wide(jumps["at the jumps"].LongRun).High, jumps["constant"].Expected)
	require.Greater(t, wide(jumps["100 late"].LongRun).Low, jumps["constant"].Expected)
	require.InEpsilon(t, jumps["constant"].Expected, jumps["200 early"].Expected, 0.02, "as much as the constant rate")
	require.Less(t, jumps["150 early"].Expected, 0.95*jumps["constant"].Expected)
	require.Less(t, jumps["every 333"].Expected, 0.95*jumps["constant"].Expected, "3·333 steps are nearly the time between two jumps")
	for _, name := range []string{"300 early", "25 late", "every 210", "every 700", "every 200, from 75 on"} {
		require.Greater(t, jumps[name].Expected, 1.05*jumps["constant"].Expected, "%s: not already large at the jumps", name)
	}
	faster, err := streams.Theory.BestTrackingRate(theory.Drift{Velocity: []float64{8 * streams.Drift.Velocity[0], 8 * streams.Drift.Velocity[1]}})
	require.NoError(t, err)
	require.InDelta(t, 4, faster/best, 0.5, "the exercise: v^(2/3)")
}

// Section 3.3: how many runs have left the trap is as the probability density says, at every rate and budget, and 1/η, at the rate η at which half
// have left, grows with the logarithm of the budget. Decay then takes most of the dance away.
func TestClaimH1BigStepsExploreSmallStepsRefine(t *testing.T) {
	trap, err := lecture.NewTrap(2, 0.5)
	require.NoError(t, err)
	require.InDelta(t, 0.1, trap.Limit, 1e-3)
	rates := []float64{0.035, 0.04, 0.045, 0.05, 0.055, 0.06, 0.07}
	const seeds = 100
	breakouts, err := lecture.MeasureBreakouts(t.Context(), trap, lecture.Grid{Rates: rates, Seeds: seeds}, []int{100, 1000, 3000})
	require.NoError(t, err)
	for _, b := range breakouts {
		for k, p := range b.Predicted {
			// 4.5 standard deviations of a share of 100, and the tenth by which theory's grid errs in the escapes of a step.
			off := 4.5*math.Sqrt(max(p*(1-p), 0.01)/seeds) + 0.1*(1-p)*-math.Log1p(-min(p, 1-1e-9))
			require.InDelta(t, p, b.Escaped[k].Value, off, "η = %g, %d steps", rates[k], b.Steps)
		}
	}
	// NumPy, from 1,000 runs each on normal noise: the shares after 1,000 steps at 0.04 and 0.05 and after 100 steps at 0.06.
	require.InDelta(t, 0.117, breakouts[1].Predicted[1], 0.03)
	require.InDelta(t, 0.773, breakouts[1].Predicted[3], 0.03)
	require.InDelta(t, 0.596, breakouts[0].Predicted[5], 0.03)
	require.InDelta(t, 1/breakouts[1].Half-1/breakouts[0].Half, (1/breakouts[2].Half-1/breakouts[1].Half)/math.Log10(3), 1, "1/η grows as the logarithm of the budget")
	require.Less(t, breakouts[2].Half, breakouts[0].Half)

	escapes, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 1, Rates: []float64{0.02, 0.07, 0.1, 0.2}, Steps: 300, Seeds: 200})
	require.NoError(t, err)
	require.Less(t, escapes[0].Decayed.Wide.High, 0.03)
	require.Greater(t, escapes[1].Decayed.Wide.Low, escapes[0].Decayed.Wide.High)
	require.True(t, math.IsNaN(escapes[0].Decayed.Distance.Value))
	// NumPy, from 20,000 runs on normal noise: the shares in the wide basin and the distances, constant and decayed.
	for i, want := range [][3]float64{{0.862, 0.539, 0.237}, {1, 0.646, 0.251}, {1, 0.950, 0.287}} {
		e := escapes[i+1]
		require.InDelta(t, want[0], e.Decayed.Wide.Value, 4.5*math.Sqrt(max(want[0]*(1-want[0]), 0.002)/200), "η₀ = %g", e.Rate)
		require.True(t, wide(e.Constant.Distance).Contains(want[1]), "η₀ = %g: %v", e.Rate, e.Constant.Distance)
		require.True(t, wide(e.Decayed.Distance).Contains(want[2]), "η₀ = %g: %v", e.Rate, e.Decayed.Distance)
		require.InEpsilon(t, want[1], e.Constant.Predicted, 0.03)
		require.InEpsilon(t, want[2], e.Decayed.Predicted, 0.05, "the basin is not quite a bowl")
		require.Greater(t, e.Constant.Distance.Value, 2*e.Decayed.Distance.Value)
	}

	// Where the narrow basin is the better one: below 2/λ its depth holds runs, above it only width counts. NumPy: 4,000 runs each.
	for depth, want := range map[float64][3]float64{0.5: {0.81, 0.014, 0.001}, 3: {0.999, 0.49, 0.01}} {
		trap, err := lecture.NewTrap(2, -depth)
		require.NoError(t, err)
		escapes, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 1, Rates: []float64{0.07, 0.09, 0.12}, Steps: 300, Seeds: 200})
		require.NoError(t, err)
		for i, e := range escapes {
			require.InDelta(t, want[i], 1-e.Decayed.Wide.Value, 4.5*math.Sqrt(max(want[i]*(1-want[i]), 0.002)/200)+0.02, "deeper by %g, η₀ = %g", depth, e.Rate)
		}
	}
}

// Section 3.4: every schedule ends where exact theory says, at a best rate that has worse ones on both sides. Those that go to zero late
// beat the best constant rate, by how long they stay high or not. A range test finds neither the best constant rate nor the best cosine.
func TestClaimH2SchedulesCompared(t *testing.T) {
	s, err := lecture.TenMeasurements()
	require.NoError(t, err)
	contests, err := lecture.CompareSchedules(t.Context(), s, lecture.Grid{Batch: 8, Rates: []float64{0.003, 0.01, 0.03, 0.1, 0.3}, Steps: 1500, Seeds: 16})
	require.NoError(t, err)
	require.Len(t, contests, 14)
	by := make(map[string]*lecture.ScheduleScore)
	for _, c := range contests {
		by[c.Name] = c
		require.True(t, c.Search.Inside(), "%s: no best rate on the edge of its grid", c.Name)
		if c.Name != "plateau" {
			require.True(t, wide(c.Excess).Contains(c.Predicted), "%s: %v, theory %v", c.Name, c.Excess, c.Predicted)
		}
		require.InDelta(t, c.Search.Rate(), floats.Max(c.Rates), 0.03*c.Search.Rate(), "%s: the greatest rate", c.Name)
	}
	// The same recursion in NumPy, at rates eight to a factor of ten: excess × 1000, and the part left of the start.
	for name, want := range map[string][2]float64{"polynomial": {0.903, 0.125}, "exponential": {0.986, 0.328}, "cosine": {1.030, 0.089}, "linear": {1.384, 0.340},
		"1/√t": {2.056, 1.751}, "constant": {2.255, 1.813}, "1/t": {2.776, 1.737}} {
		require.InEpsilon(t, want[0], 1000*by[name].Predicted, 0.03, name)
		require.InDelta(t, want[1], 1000*by[name].Memory, 0.15, "%s: at a rate nearby", name)
	}
	for _, name := range []string{"polynomial", "cosine", "exponential", "warm-up"} {
		require.Less(t, by[name].Predicted, by["constant"].Predicted/2, name)
		require.Less(t, wide(by[name].Excess).High, by["constant"].Predicted, name)
		require.Greater(t, by[name].Search.Rate(), 50*by["constant"].Search.Rate(), name)
	}
	require.Less(t, by["plateau"].Excess.High, by["constant"].Excess.Low)
	best := lecture.BestFirst(contests)
	require.Equal(t, "polynomial", best[0].Name)
	require.Equal(t, "plateau", best[13].Name, "theory is silent on it")
	require.Greater(t, by["1/t"].Predicted, by["constant"].Predicted, "falls too early")
	require.Less(t, by["exponential"].High, 0.2, "stays high for a short time")
	require.Less(t, by["exponential"].Predicted, by["linear"].Predicted, "and beats what stays high for long")
	require.InDelta(t, 0.5, by["linear"].High, 0.02)
	require.InDelta(t, 0.8, by["constant"].Memory/by["constant"].Predicted, 0.05, "four fifths of what the constant rate leaves are the start")

	// A schedule drawn by hand and the polynomial are behind the constant rate for most of the run, and ahead at its end.
	var courses []*lecture.Course
	byHand, err := lecture.Joined([]float64{0, 300, 1000, 1500}, []float64{0.2, 0.2, 0.02, 0})
	require.NoError(t, err)
	polynomial, err := schedule.Polynomial(0.39, 0, 2, 1500)
	require.NoError(t, err)
	constant, err := schedule.Constant(0.003)
	require.NoError(t, err)
	for _, eta := range []schedule.Schedule{byHand, polynomial, constant} {
		course, err := lecture.Ahead(s, "ahead", eta, 8, 1500)
		require.NoError(t, err)
		courses = append(courses, course)
	}
	for step := range 1501 {
		ahead := courses[2].Excess[step] < min(courses[0].Excess[step], courses[1].Excess[step])
		require.True(t, step > 140 && step < 160 || step > 1120 && step < 1140 || ahead == (150 < step && step < 1130), "step %d", step)
	}

	budgets, err := lecture.BestRates(s, 8, 300, 1500)
	require.NoError(t, err)
	for _, b := range budgets {
		require.True(t, b.Constant.Inside() && b.Cosine.Inside())
	}
	require.Greater(t, budgets[0].Lowest, 2*budgets[1].Lowest, "the range test's answer depends on its own length")
	require.Greater(t, budgets[1].Cosine.Rate(), 10*(budgets[0].Lowest/10), "a tenth of it is too small for a cosine")
	require.Greater(t, budgets[0].Lowest, 10*budgets[1].Constant.Rate(), "and the rate itself too large for a constant rate")
	// NumPy: what a tenth of 0.064 leaves as a constant rate, and 0.064 as the peak of a cosine. The optimum is flat.
	tenth, err := schedule.Constant(0.0064)
	require.NoError(t, err)
	cosine, err := schedule.Cosine(0.064, 0, 1500)
	require.NoError(t, err)
	for want, eta := range map[float64]schedule.Schedule{2.52: tenth, 1.42: cosine} {
		course, err := lecture.Ahead(s, "range test", eta, 8, 1500)
		require.NoError(t, err)
		require.InEpsilon(t, want, 1000*course.Excess[1500], 0.01)
	}
}

// Section 3.5 to 3.8: the rules by hand are those of package optim; momentum turns κ into √κ on quadratics; on three problems no
// rule is best everywhere, each at its own best rate; and in the sweep of CS182 seeds differ by factors.
func TestClaimH3TheOptimizerIsAHyperparameter(t *testing.T) {
	adam := func(theta, g float64, s *lecture.RuleState) float64 {
		s.V, s.S = 0.9*s.V+0.1*g, 0.999*s.S+0.001*g*g
		return theta - 0.1*s.V/(1-math.Pow(0.9, s.T))/(math.Sqrt(s.S/(1-math.Pow(0.999, s.T)))+1e-8)
	}
	byHand, err := lecture.RunByHand(t.Context(), lecture.HandSettings{Rate: 0.1, Steps: 80}, lecture.ByHand("Adam", adam))
	require.NoError(t, err)
	require.Less(t, byHand[0].Off, 1e-12)
	// NumPy: weight decay makes AdamW slow, and it goes on.
	adamW := func(theta, g float64, s *lecture.RuleState) float64 { return adam(theta, g, s) - 0.1*0.3*theta }
	for steps, want := range map[int]float64{80: 0.6205, 200: 0.4638, 2000: 0.1365} {
		byHand, err := lecture.RunByHand(t.Context(), lecture.HandSettings{Rate: 0.1, WeightDecay: 0.3, Steps: steps}, lecture.ByHand("AdamW", adamW))
		require.NoError(t, err)
		require.Less(t, byHand[0].Off, 1e-12)
		end := byHand[0].Path[steps]
		require.InDelta(t, want, math.Hypot(end[0]-1, end[1]-0.5), 1e-3)
	}

	c, err := lecture.MeasureConditioning(t.Context(), []float64{10, 100, 1000}, []float64{0, 0.9})
	require.NoError(t, err)
	require.Equal(t, c.WantGD, c.GD)
	require.Equal(t, c.WantHeavy, c.HeavyBall)
	require.InDelta(t, 1, c.GDSlope, 0.02)
	require.InDelta(t, 0.5, c.HeavySlope, 0.06, "½ and the logarithm of a double root")
	require.InDeltaSlice(t, c.BorderTheory, c.Border, 0.01)
	kappas, pure := []float64{3, 10, 30, 100, 300, 1000}, make([]float64, 6)
	for i, kappa := range kappas {
		_, _, factor := theory.OptimalHeavyBall(1, kappa)
		pure[i] = -1 / math.Log(factor)
	}
	law, err := stat.FitPowerLaw(kappas, pure, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 0.52, law.Exponent.Value, 0.005, "of √β alone")
	for eta, same := range map[float64]bool{0.0024: false, 0.0027: true, 0.2: true, 0.379: true, 0.3799: false} {
		factor := max(theory.HeavyBallFactor(eta, 0.9, 1), theory.HeavyBallFactor(eta, 0.9, 10))
		require.Equal(t, same, math.Abs(factor-math.Sqrt(0.9)) < 1e-9, "η = %g: 44 steps at nearly every rate", eta)
	}

	tasks, err := lecture.Tasks()
	require.NoError(t, err)
	rates := func(optimizer string) []float64 {
		if optimizer == "GD" || optimizer == "SGD" {
			return []float64{0.01, 0.03, 0.1, 0.3, 1}
		}
		return []float64{0.001, 0.003, 0.01, 0.03, 0.1}
	}
	scores, err := lecture.CompareOptimizers(t.Context(), tasks, lecture.OptimizerSettings{Rates: rates, Steps: 1000, Chosen: 4, Seeds: 20})
	require.NoError(t, err)
	require.Len(t, scores, len(tasks)*len(lecture.Optimizers))
	by := make(map[string]*lecture.Score)
	for _, s := range scores {
		by[s.Task+"/"+s.Optimizer] = s
		require.True(t, s.Search.Inside(), "%s, %s: no best rate on the edge of its grid", s.Task, s.Optimizer)
	}
	gd, sgd := by["least squares/GD"], by["least squares/SGD"]
	require.InEpsilon(t, gd.Predicted, gd.Excess.Value, 1e-6, "without noise theory is exact")
	require.InEpsilon(t, 0.001426, gd.Excess.Value, 0.02, "NumPy, at the best of 4,000 rates")
	require.True(t, wide(sgd.Excess).Contains(sgd.Predicted), "%v, theory %v", sgd.Excess, sgd.Predicted)
	require.Greater(t, wide(sgd.Excess).Low, gd.Excess.Value, "at equal cost GD is ahead on least squares")
	require.InDelta(t, 0.81, sgd.Memory/sgd.Predicted, 0.03, "four fifths are still the start")
	require.InEpsilon(t, sgd.Search.Rate(), 10*by["least squares/momentum"].Search.Rate(), 0.01, "momentum at a tenth of SGD's rate is SGD")
	for _, name := range []string{"Adam", "AdamW"} {
		require.Greater(t, by["least squares/"+name].Excess.Low, sgd.Predicted, "%s is worse than SGD, whose exact loss lies below its 95 %% interval", name)
	}
	require.Less(t, by["digits 3 and 8/GD"].Excess.Value, 3*by["digits 3 and 8/SGD"].Excess.Value, "and not far behind on the digits")
	for _, name := range []string{"RMSProp", "Adam", "AdamW"} {
		require.Less(t, wide(by["ReLU net/"+name].Excess).High, by["ReLU net/SGD"].Excess.Value, "on the net %s is better than SGD", name)
	}
	require.Greater(t, by["ReLU net/GD"].Excess.Low, by["ReLU net/SGD"].Excess.High, "and GD worse")

	// The exercise: under a cosine SGD leaves less than half on least squares, and about a sixth on the digits, of which the constant rate had left more
	// than half of the start; gradient descent, without noise, gains nothing on these two. On the net RMSProp loses, and gradient descent gains a little.
	require.Less(t, chebyshev(tasks[0].Study, 36), 0.8*gd.Predicted, "though not every falling schedule gains nothing")
	decayed, err := lecture.CompareOptimizers(t.Context(), tasks, lecture.OptimizerSettings{Rates: rates, Cosine: true, Steps: 1000, Chosen: 4, Seeds: 20})
	require.NoError(t, err)
	for _, s := range decayed {
		ratio := s.Excess.Value / by[s.Task+"/"+s.Optimizer].Excess.Value
		switch {
		case s.Task == "ReLU net" && s.Optimizer == "GD":
			require.InDelta(t, 0.945, ratio, 0.03)
		case s.Task == "ReLU net" && s.Optimizer == "RMSProp":
			require.Greater(t, ratio, 1.1)
		case s.Task == "ReLU net":
			before := by[s.Task+"/"+s.Optimizer].Excess
			require.Less(t, before.Value-s.Excess.Value, before.High-before.Low, "%s does not gain clearly", s.Optimizer)
		case s.Optimizer == "GD" && s.Task == "digits 3 and 8":
			require.InDelta(t, 4, ratio, 0.5)
		case s.Optimizer == "GD":
			require.InDelta(t, 1, ratio, 0.03)
		case s.Task == "digits 3 and 8":
			require.InDelta(t, 0.18, ratio, 0.06, s.Optimizer)
		case s.Optimizer == "SGD":
			require.Less(t, ratio, 0.5)
		}
	}
	still, err := lecture.NewTrainer(tasks[1].Problem, "GD", train.Record{})
	require.NoError(t, err)
	defer still.Close()
	flow, err := still.Run(t.Context(), train.Config{LearningRate: by["digits 3 and 8/SGD"].Search.Rate(), Steps: 1000})
	require.NoError(t, err)
	require.InEpsilon(t, 5.3e-4, tasks[1].Value(flow.Final), 0.02)
	require.Greater(t, tasks[1].Value(flow.Final), by["digits 3 and 8/SGD"].Excess.Value/2)

	settings := lecture.CS182Settings{Widths: []int{10, 40}, Optimizers: []string{"SGD", "momentum", "Adam"}, Seeds: 12, Steps: 6000}
	settings.Rates, err = lecture.CS182Rates(t.Context(), settings, 20, []float64{0.03, 0.1})
	require.NoError(t, err)
	for name, search := range settings.Rates {
		require.True(t, search.Inside(), name)
	}
	entries, err := lecture.CS182(t.Context(), settings)
	require.NoError(t, err)
	require.Len(t, entries, 6)
	medians := make(map[string]float64)
	for _, e := range entries {
		require.Len(t, e.Losses, 12)
		medians[fmt.Sprint(e.Optimizer, e.Width)] = lecture.Quantile(e.Losses, 0.5)
	}
	require.Greater(t, lecture.Quantile(entries[4].Losses, 1), 3*lecture.Quantile(entries[4].Losses, 0), "seeds matter")
	require.Less(t, lecture.Quantile(entries[5].Losses, 0.75), lecture.Quantile(entries[3].Losses, 0), "few starts tell Adam from SGD")
	require.Less(t, medians["SGD40"], medians["SGD10"], "width helps")
	require.Less(t, medians["momentum40"], medians["SGD40"]/2, "each at its own rate, momentum is ahead")
}

// chebyshev is the excess loss that gradient descent leaves in some steps at the Chebyshev rates of a study's curvatures.
func chebyshev(s *lecture.Study, steps int) float64 {
	least, most := s.Descent.Lambda[0], s.Descent.Lambda[len(s.Descent.Lambda)-1]
	return leaves(s, steps, func(k int) float64 {
		return 1 / ((most+least)/2 + (most-least)/2*math.Cos(math.Pi*(float64(k)+0.5)/float64(steps)))
	})
}

// inverseTime is the excess loss that gradient descent leaves in some steps at the rates η/(1 + 10u), for the best of many η.
func inverseTime(s *lecture.Study, steps int) float64 {
	least := math.Inf(1)
	for eta := 0.1; eta < 10; eta *= 1.005 {
		least = min(least, leaves(s, steps, func(k int) float64 { return eta / (1 + 10*float64(k)/float64(steps)) }))
	}
	return least
}

// leaves is the excess loss that gradient descent leaves in some steps at the given rates, in exact arithmetic.
func leaves(s *lecture.Study, steps int, rate func(k int) float64) (left float64) {
	for i, e := range s.Descent.Components(s.Start) {
		for k := range steps {
			e *= theory.Factor(rate(k), s.Descent.Lambda[i])
		}
		left += s.Descent.Lambda[i] * e * e / 2
	}
	return left
}
