package lecture_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/optim"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// From a tiny rate nobody leaves the trap; batches of four halve the standard deviation.
func TestTrapHolds(t *testing.T) {
	trap, err := lecture.NewTrap(2, 0.5)
	require.NoError(t, err)
	require.InEpsilon(t, 0.1, trap.Limit, 0.1, "2/λ with λ = 20")
	one, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 1, Rates: []float64{0.001}, Steps: 50, Seeds: 5})
	require.NoError(t, err)
	require.Zero(t, one[0].Decayed.Wide.Value)
	four, err := lecture.Explore(t.Context(), trap, lecture.Grid{Batch: 4, Rates: []float64{0.001}, Steps: 50, Seeds: 1})
	require.NoError(t, err)
	require.InEpsilon(t, one[0].Constant.Predicted/2, four[0].Constant.Predicted, 1e-9)
	_, err = lecture.NewTrap(2, 3)
	require.Error(t, err, "so high there is no narrow basin")
}

func TestSchedulesOfEveryKind(t *testing.T) {
	all, err := lecture.Schedules(0.1, 200)
	require.NoError(t, err)
	require.Len(t, all, 14)
	for _, s := range all {
		for step := range 200 {
			require.LessOrEqual(t, s.Schedule.At(step), 0.1*(1+1e-12), s.Name)
		}
		require.Equal(t, s.Name == "plateau", s.Plateau.On())
	}
	_, err = lecture.Schedules(-1, 200)
	require.ErrorContains(t, err, "it must be a positive, finite number")
}

// Rates are tried until the best has worse ones on both sides, from whichever rates the search begins.
func TestBestRatesLieInside(t *testing.T) {
	s := patients(t, 0)
	for _, first := range [][]float64{{0.02}, {3, 1}, {1e-6, 1e-5}} {
		scores, err := lecture.CompareSchedules(t.Context(), s, lecture.Grid{Batch: 8, Rates: first, Steps: 50, Seeds: 6})
		require.NoError(t, err)
		require.Len(t, scores, 14)
		for _, c := range scores {
			require.True(t, c.Search.Inside(), "%s: %v", c.Name, c.Search)
			require.IsIncreasing(t, c.Search.Rates)
			require.InEpsilon(t, c.Search.Rate(), slices.Max(c.Rates), 0.2, c.Name)
			if !c.Plateau.On() {
				require.Equal(t, slices.Min(c.Search.Each), c.Predicted, c.Name)
				require.Less(t, c.Memory, c.Predicted, c.Name)
			}
		}
	}
	for _, wrong := range [][]float64{nil, {0}, {math.Inf(1)}, {math.NaN()}} {
		_, err := lecture.CompareSchedules(t.Context(), s, lecture.Grid{Batch: 8, Rates: wrong, Steps: 50, Seeds: 1})
		require.Error(t, err)
	}
	require.Equal(t, []float64{0.01, 0.032, 0.1}, lecture.Ratios(0.01, 0.1, 2))
}

// A schedule's course is what its runs do on average, and its parts are a start that is forgotten and noise.
func TestCourseAhead(t *testing.T) {
	s := patients(t, 0)
	eta, err := lecture.Joined([]float64{0, 20, 40}, []float64{0.2, 0.2, 0})
	require.NoError(t, err)
	c, err := lecture.Ahead(s, "yours", eta, 8, 40)
	require.NoError(t, err)
	require.Equal(t, []float64{0.2, 0.2, 0.1}, []float64{c.Rate[0], c.Rate[20], c.Rate[30]})
	require.InDelta(t, c.Memory[0], c.Excess[0], 1e-12, "at the start all is start")
	require.InEpsilon(t, s.Excess(s.Start), c.Excess[0], 1e-9)
	want := 0.0 // the mean goes the way of gradient descent
	for i, e := range s.Descent.Components(s.Start) {
		for _, rate := range c.Rate {
			e *= 1 - rate*s.Descent.Lambda[i]
		}
		want += s.Descent.Lambda[i] * e * e / 2
	}
	require.InEpsilon(t, want, c.Memory[40], 1e-6)
	require.Regexp(t, `^yours: +leaves \d`, c.String())
	require.Contains(t, drawn(t, lecture.DrawCourses(c)), "yours (line): from 0.2")
	_, err = lecture.Joined([]float64{0, 1.5}, []float64{1, 1})
	require.ErrorContains(t, err, "a step is 1.5")
	_, err = lecture.Ahead(s, "yours", eta, 8, 0)
	require.Error(t, err)
}

func TestRangeTestGrowsUntilItDiverges(t *testing.T) {
	s := patients(t, 0)
	ramp, err := schedule.Exponential(1e-3, 3e4, 60)
	require.NoError(t, err)
	r, err := lecture.TestRange(t.Context(), s, lecture.RangeSettings{Schedule: ramp, Batch: 8, Steps: 60, Seeds: 30})
	require.NoError(t, err)
	require.Greater(t, r.Rates[59], s.Threshold())
	require.Less(t, r.Lowest, s.Threshold())
	for _, k := range []int{0, 20, 35} { // before it grows wild
		mean := 0.0
		for _, run := range r.Runs {
			mean += run[k] / 30
		}
		require.InEpsilon(t, r.Expect[k], mean, 0.5)
	}
	budgets, err := lecture.BestRates(s, 8, 50, 400)
	require.NoError(t, err)
	require.True(t, budgets[0].Constant.Inside() && budgets[0].Cosine.Inside())
	require.Less(t, budgets[1].Constant.Rate(), budgets[0].Constant.Rate(), "more time, less noise")
	require.Contains(t, drawn(t, r.Draw(budgets[0])), "best constant")
	_, rows := lecture.BudgetTable(budgets)
	require.Equal(t, "400", rows[1][0])
	_, err = lecture.BestRates(s, 8, 0)
	require.Error(t, err)
}

// Gradient descent on least squares ends where theory says, to rounding.
func TestOptimizersOnLeastSquares(t *testing.T) {
	tasks, err := lecture.Tasks()
	require.NoError(t, err)
	for _, cosine := range []bool{false, true} {
		scores, err := lecture.CompareOptimizers(t.Context(), tasks[:1], lecture.OptimizerSettings{
			Rates: func(string) []float64 { return []float64{0.01, 0.1} }, Cosine: cosine, Steps: 200, Chosen: 2, Seeds: 2})
		require.NoError(t, err)
		require.Len(t, scores, len(lecture.Optimizers))
		require.Equal(t, "GD", scores[0].Optimizer)
		require.InEpsilon(t, scores[0].Predicted, scores[0].Excess.Value, 1e-6)
		for _, s := range scores {
			require.True(t, s.Search.Inside(), s.Optimizer)
		}
	}
	_, err = optim.ByName("ADAGRADIENT")
	require.ErrorContains(t, err, "it must be one of")
}

func TestCS182MeasuresTheErrorWithoutNoise(t *testing.T) {
	settings := lecture.CS182Settings{Widths: []int{10}, Optimizers: []string{"adam"}, Seeds: 2, Steps: 300}
	scores, err := lecture.CS182(t.Context(), settings)
	require.NoError(t, err)
	require.Regexp(t, `^width 10, adam at η = 0.02: +median error .*, best .*, worst `, scores[0].String())
	require.Contains(t, drawn(t, lecture.DrawErrors(scores)), "half of the nets")
	require.Contains(t, drawn(t, lecture.DrawMedianNets(scores)), "adam (line)")
	_, rows := lecture.CS182Table(scores)
	require.Equal(t, []string{"10", "adam", "0.02"}, rows[0][:3])
	require.Len(t, scores[0].Losses, 2)
	require.Equal(t, []int{0, 30, 60}, scores[0].Step[:3])
	for k, curve := range scores[0].Curve {
		require.Less(t, scores[0].Losses[k], curve[0])
	}
	settings.Rates, err = lecture.CS182Rates(t.Context(), settings, 10, []float64{0.01, 0.03})
	require.NoError(t, err)
	require.True(t, settings.Rates["adam"].Inside())
	scores, err = lecture.CS182(t.Context(), settings)
	require.NoError(t, err)
	require.Equal(t, settings.Rates["adam"].Rate(), scores[0].Rate)
}

// The rules that a cell writes by hand are those of package optim, and a rule that is wrong is seen to be.
func TestRulesByHand(t *testing.T) {
	momentum := func(theta, g float64, s *lecture.RuleState) float64 {
		s.V = 0.7*s.V + g
		return theta - 0.03*s.V
	}
	runs, err := lecture.RunByHand(t.Context(), lecture.HandSettings{Rate: 0.03, Momentum: 0.7, Steps: 30}, lecture.ByHand("momentum", momentum), lecture.ByHand("Nesterov", momentum))
	require.NoError(t, err)
	require.Less(t, runs[0].Off, 1e-13)
	require.Greater(t, runs[1].Off, 1e-2)
	require.Contains(t, drawn(t, runs.Draw()), "momentum (path)")
	require.Regexp(t, `^momentum: +differs from pkg/optim by at most .* in 30 steps, and ends \S+ from the optimum\.\n`, runs.String())
	_, err = lecture.RunByHand(t.Context(), lecture.HandSettings{Rate: 0.03, Steps: 30}, lecture.ByHand("SGD", nil))
	require.ErrorContains(t, err, "SGD has no function")
	_, err = lecture.RunByHand(t.Context(), lecture.HandSettings{Rate: 0.03, Steps: 30}, lecture.ByHand("none", momentum))
	require.Error(t, err)
}

func TestMomentumOnQuadratics(t *testing.T) {
	c, err := lecture.MeasureConditioning(t.Context(), []float64{4, 40}, []float64{0.5})
	require.NoError(t, err)
	require.Equal(t, c.WantGD, c.GD)
	require.Equal(t, c.WantHeavy, c.HeavyBall)
	require.InDelta(t, 3, c.Border[0], 0.01)
	require.Contains(t, drawn(t, c.Draw()), "heavy ball (points)")
	_, err = lecture.MeasureConditioning(t.Context(), []float64{1}, nil)
	require.ErrorContains(t, err, "between 2 and 100,000")
	trainer, err := lecture.NewHeavyBall(lecture.Valley())
	require.NoError(t, err)
	defer trainer.Close()
	for _, rate := range []float64{0.1, 0.35} {
		run, err := trainer.Run(t.Context(), train.Config{LearningRate: rate, Hyper: map[string]float64{"momentum": 0.5}, Steps: 20})
		require.NoError(t, err)
		require.Equal(t, rate > 0.3, strings.Contains(lecture.MomentumEnd(run, rate, 0.5), "unstable"))
	}
	require.Contains(t, drawn(t, lecture.DrawMomentumMap(1, 10)), "best pair")
}

// The share that has left grows with the rate and with time, as theory says.
func TestBreakouts(t *testing.T) {
	trap, err := lecture.NewTrap(2, 0.5)
	require.NoError(t, err)
	all, err := lecture.MeasureBreakouts(t.Context(), trap, lecture.Grid{Rates: []float64{0.04, 0.06, 0.08}, Seeds: 40}, []int{50, 200})
	require.NoError(t, err)
	for _, b := range all {
		require.IsNonDecreasing(t, b.Predicted)
		for k := range b.Rates {
			require.InDelta(t, b.Predicted[k], b.Escaped[k].Value, 0.35, "of 40 runs")
		}
	}
	require.Less(t, all[1].Half, all[0].Half)
	require.Contains(t, drawn(t, trap.DrawBreakouts(all)), "after 200 steps")
	require.Contains(t, drawn(t, trap.DrawSection(0.04)), "2 standard deviations at η = 0.04 (points)")
	_, err = lecture.MeasureBreakouts(t.Context(), trap, lecture.Grid{Rates: []float64{0.04}, Seeds: 1}, nil)
	require.ErrorContains(t, err, "no budgets")
}
