package claims

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/lecture"
	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
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

// Section 3.2: under drift constant and windowed rates follow with theory's error, 1/t falls behind, and no constant rate
// is better than theory's best.
func TestClaimS14OnlineLearningNeedsItsOwnSchedule(t *testing.T) {
	streams, err := lecture.NewStreams(lecture.StreamSettings{Streams: 4, Examples: 20_000, Noise: 0.5, Velocity: 0.001})
	require.NoError(t, err)
	best, err := streams.Theory.BestTrackingRate(streams.Drift)
	require.NoError(t, err)
	var named []lecture.NamedSchedule
	add := func(name string) func(s schedule.Schedule, err error) {
		return func(s schedule.Schedule, err error) {
			require.NoError(t, err)
			named = append(named, lecture.NamedSchedule{Name: name, Schedule: s})
		}
	}
	add("best")(schedule.Constant(best))
	add("small")(schedule.Constant(best / 4))
	add("large")(schedule.Constant(4 * best))
	add("windowed")(schedule.WarmRestarts(3*best, best/10, 500, 1))
	add("1/t")(schedule.InverseTime(0.3, 50, 1))
	trackers, err := lecture.Track(t.Context(), streams, named)
	require.NoError(t, err)
	for _, tr := range trackers {
		// Over 4 × 16,000 steps, of which some hundred are independent: well within 20 %.
		require.InEpsilon(t, tr.Expected, tr.LongRun.Value, 0.2, tr.Name)
	}
	for _, other := range trackers[1:] {
		require.Greater(t, other.LongRun.Value, 1.2*trackers[0].LongRun.Value, other.Name)
	}
	late := trackers[4]
	require.Greater(t, late.Distance[39], 3*late.Distance[19], "1/t falls ever farther behind")
	require.Less(t, trackers[3].Predicted[39], 1.1*trackers[3].Predicted[19], "the windowed rate does not")
	faster, err := streams.Theory.BestTrackingRate(theory.Drift{Velocity: []float64{8 * streams.Drift.Velocity[0], 8 * streams.Drift.Velocity[1]}})
	require.NoError(t, err)
	require.InDelta(t, 4, faster/best, 0.5, "the exercise: v^(2/3)")
}

// Section 3.3: the trap holds below half of 2/λ and not at 2/λ; decay then takes the dance away, and what is left agrees
// with theory of the bowl alone, as it is not quite a bowl, to a tenth.
func TestClaimH1BigStepsExploreSmallStepsRefine(t *testing.T) {
	trap, err := lecture.NewTrap(2)
	require.NoError(t, err)
	require.InDelta(t, 0.1, trap.Limit, 1e-3)
	escapes, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 1, Rates: []float64{0.02, 0.06, 0.1, 0.2}, Steps: 300, Seeds: 200})
	require.NoError(t, err)
	require.Less(t, escapes[0].Better.High, 0.03)
	require.Greater(t, escapes[1].Better.Low, escapes[0].Better.High)
	require.Greater(t, escapes[2].Better.Low, escapes[1].Better.High)
	require.Greater(t, escapes[2].Better.Low, 0.97)
	require.True(t, math.IsNaN(escapes[0].Decayed))
	for _, e := range escapes[2:] {
		require.InEpsilon(t, e.PredictedConstant, e.Constant, 0.15) // of 200 runs: ±5 %
		require.InEpsilon(t, e.PredictedDecayed, e.Decayed, 0.15)
		require.Greater(t, e.Constant, 2*e.Decayed)
	}
}

// Section 3.4: every schedule ends where exact theory says, and those that go to zero late beat the best constant rate.
func TestClaimH2SchedulesCompared(t *testing.T) {
	s, err := lecture.TenMeasurements()
	require.NoError(t, err)
	contests, err := lecture.CompareSchedules(t.Context(), s, lecture.Grid{Batch: 8, Rates: []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4}, Steps: 1500, Seeds: 16})
	require.NoError(t, err)
	require.Len(t, contests, 14)
	by := make(map[string]*lecture.ScheduleScore)
	for _, c := range contests {
		by[c.Name] = c
		if c.Name != "plateau" {
			require.True(t, wide(c.Excess).Contains(c.Predicted), "%s: %v, theory %v", c.Name, c.Excess, c.Predicted)
			require.Equal(t, floats.Min(c.Each), c.Predicted, "each at its best")
		}
		require.InDelta(t, c.Rate, floats.Max(c.Rates), 0.03*c.Rate, "%s: the greatest rate", c.Name)
	}
	for _, name := range []string{"polynomial", "cosine", "exponential", "warm-up"} {
		require.Less(t, by[name].Predicted, by["constant"].Predicted/2, name)
		require.Less(t, wide(by[name].Excess).High, by["constant"].Predicted, name)
	}
	require.Less(t, by["plateau"].Excess.High, by["constant"].Excess.Low)
	require.Greater(t, by["1/t"].Predicted, by["constant"].Predicted, "falls too early")
}

// Section 3.5: no rule is best everywhere; and the sweep of CS182: more width, less error, and seeds that differ by
// factors.
func TestClaimH3TheOptimizerIsAHyperparameter(t *testing.T) {
	tasks, err := lecture.Tasks()
	require.NoError(t, err)
	rates := func(optimizer string) []float64 {
		if optimizer == "GD" || optimizer == "SGD" {
			return []float64{0.01, 0.3}
		}
		return []float64{0.001, 0.03}
	}
	scores, err := lecture.CompareOptimizers(t.Context(), tasks, lecture.OptimizerSettings{Rates: rates, Steps: 1000, Seeds: 10})
	require.NoError(t, err)
	require.Len(t, scores, len(tasks)*len(lecture.Optimizers))
	by := make(map[string]*lecture.Score)
	for _, s := range scores {
		by[s.Task+"/"+s.Optimizer] = s
		require.Equal(t, floats.Min(s.Each), s.Each[s.Best], "each at its best")
	}
	gd, sgd := by["least squares/GD"], by["least squares/SGD"]
	require.InEpsilon(t, gd.Predicted, gd.Excess.Value, 1e-6, "without noise theory is exact")
	require.True(t, wide(sgd.Excess).Contains(sgd.Predicted), "%v, theory %v", sgd.Excess, sgd.Predicted)
	require.Greater(t, wide(sgd.Excess).Low, gd.Excess.Value, "at equal cost GD is ahead on least squares")
	require.Greater(t, by["digits 3 and 8/GD"].Excess.Value, 2*by["digits 3 and 8/SGD"].Excess.Value, "and behind on the digits")
	require.Less(t, by["ReLU net/Adam"].Excess.High, by["ReLU net/SGD"].Excess.Low, "on the net Adam is better than SGD")
	require.Greater(t, by["least squares/Adam"].Excess.Low, gd.Excess.Value, "and on least squares it is behind GD")

	entries, err := lecture.CS182(t.Context(), lecture.CS182Settings{Widths: []int{10, 40}, Optimizers: []string{"SGD", "momentum"}, Seeds: 12, Steps: 6000})
	require.NoError(t, err)
	require.Len(t, entries, 4)
	medians := make(map[string]float64)
	for _, e := range entries {
		require.Len(t, e.Losses, 12)
		medians[fmt.Sprint(e.Optimizer, e.Width)] = lecture.Quantile(e.Losses, 0.5)
	}
	require.Greater(t, lecture.Quantile(entries[3].Losses, 1), 3*lecture.Quantile(entries[3].Losses, 0), "seeds matter")
	require.Less(t, medians["SGD40"], medians["SGD10"], "width helps")
	require.Less(t, medians["momentum40"], medians["SGD40"]/2, "at one rate for both, momentum is ahead")
}
