package lecture_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// logs are axes on which nothing that is not positive can be drawn.
func logs() *figure.Figure {
	return figure.New("t", figure.LogX("x"), figure.LogY("y"))
}

// The study of the progression is problem.Diabetes with what theory says of it.
func TestProgressionIsDiabetes(t *testing.T) {
	study, err := lecture.Progression()
	require.NoError(t, err)
	fit, err := problem.Diabetes()
	require.NoError(t, err)
	theta := []float64{1, -2, 3, -4, 5, -6, 7, -8, 9, -10}
	require.InEpsilon(t, fit.Value(theta), study.Value(theta), 1e-12)
	require.Equal(t, dtypes.Float64, study.DType)
	require.Equal(t, lecture.Measurements, study.Names)
	require.InDelta(t, 0.4970, study.Threshold(), 5e-5)
	two, err := lecture.Progression("s1", "s2")
	require.NoError(t, err)
	require.Contains(t, drawn(t, two.Map("loss").Trajectory("GD", [][]float64{{0, 0}, {1, 1}})), "weight of s1")
	for _, names := range [][]string{{"s1", "s1"}, {"shoe size"}} {
		_, err = lecture.Progression(names...)
		require.Error(t, err)
	}
}

func TestFactorsAreThoseOfTheRule(t *testing.T) {
	factors, err := lecture.MeasureFactors(t.Context(), lecture.Valley(), []float64{0.02, 0.1, 0.22}, 40)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1, 10}, factors.Lambda, 1e-12)
	require.InDeltaSlice(t, []float64{0.8, 0, 1.2}, factors.Measured[1], 1e-9)
	require.Less(t, factors.Off, 1e-9)
	require.Contains(t, drawn(t, factors.Draw()), "measured, λ = 10 (points): from 0.8 to 1.2.")
	_, err = lecture.MeasureFactors(t.Context(), lecture.Valley(), []float64{-1}, 40)
	require.Error(t, err)
}

func TestSeriesAtTheStart(t *testing.T) {
	taylor, err := lecture.LinearModelAtStart(t.Context(), lecture.Valley(), 1, []float64{0.01, 0.1, 1})
	require.NoError(t, err)
	require.InDelta(t, 2, taylor.Slope, 1e-9)
}

func TestLossesOfTheClosedForm(t *testing.T) {
	study, err := lecture.Progression("bmi", "s5")
	require.NoError(t, err)
	losses, err := lecture.CompareClosedForm(t.Context(), study, []float64{0.5, 1.01}, 100)
	require.NoError(t, err)
	require.Less(t, losses.Off, 1e-9)
	require.Len(t, losses.Long[0].Measured, 21)
	require.Len(t, losses.First[1].Measured, 41, "of the first steps every one")
	require.Contains(t, drawn(t, losses.Draw()), "η = 0.5 · 2/λ_max (points)")
	for i := range losses.Theory {
		require.Len(t, losses.Theory[i], 101, "the closed form at every step")
		for _, step := range losses.Long[i].Step {
			require.Equal(t, study.Descent.Loss(losses.Fraction[i]*study.Threshold(), study.Start, step), losses.Theory[i][step])
		}
	}
	require.Regexp(t, `0.71 (bmi \+ 0.71 s5|s5 \+ 0.71 bmi)`, study.Direction(1), "two equal variances: the sum and the difference")
	require.Regexp(t, "0.71 (bmi − 0.71 s5|s5 − 0.71 bmi)", study.Direction(0))
}

func TestEndings(t *testing.T) {
	study, err := lecture.Progression("bmi", "s5")
	require.NoError(t, err)
	trainer, err := study.Trainer(train.Record{})
	require.NoError(t, err)
	defer trainer.Close()
	for rate, want := range map[float64]string{0.1: "finite after 20", 1e30: "diverged at 6"} {
		run, err := trainer.Run(t.Context(), train.Config{LearningRate: rate, Steps: 20})
		require.NoError(t, err)
		require.Equal(t, want, lecture.Ending(run))
	}
	for step, want := range map[float64]string{3.2: "3", 0: "never", -5: "never", math.Inf(1): "never", math.Inf(-1): "never"} {
		require.Equal(t, want, lecture.StepOrNever(step), step)
	}
	require.Equal(t, "never", lecture.StepOrNever(math.NaN()))
}

func TestBatchesInWords(t *testing.T) {
	n := &lecture.BatchNoise{Batch: []int{1, 2, 4}, Variance: []stat.Interval{{Value: 4, Low: 3, High: 5}, {Value: 2, Low: 1, High: 3}, {Value: 1, Low: 0.9, High: 1.1}},
		Predicted: []float64{4, 2, 2}, Bias: 1}
	require.Equal(t, "theory lies in 2 of 3 intervals (95 %); the mean gradient is off by at most 1.0 standard errors.", n.String())
	require.Contains(t, n.Law(), "b^-1.00")
	all := *n // no error is left in the largest batch
	all.Variance, all.Predicted = []stat.Interval{{Value: 4, Low: 3, High: 5}, {Value: 1, Low: 0.5, High: 1.5}, {}}, []float64{4, 1, 0}
	require.Contains(t, all.String(), "3 of 3 intervals")
	require.Regexp(t, `without replacement \(points\): 1\..*theory: \(n − b\)/\(n − 1\) \(theory\): from 1 to 0\.`, drawn(t, lecture.DrawBatchNoise(n, &all)))
	require.Contains(t, (&lecture.BatchNoise{}).Law(), "too few")
}

// The noise scale is where a batch's signal equals its noise; a start at the optimum has no direction.
func TestAgreementInWords(t *testing.T) {
	s := patients(t, 20)
	settings := lecture.AgreementSettings{Start: []float64{1, -1}, Rate: 0.1, Steps: 4, Stride: 1, Batch: 4, Draws: 10, Seed: 1}
	a, err := lecture.MeasureAgreement(t.Context(), s, settings)
	require.NoError(t, err)
	noise, err := theory.NewGradientNoise(s.ExampleGradients([]float64{1, -1}))
	require.NoError(t, err)
	require.InEpsilon(t, mat.Trace(noise.Covariance)/floats.Dot(noise.Gradient, noise.Gradient), 4*a.Noise[0]/a.Signal[0], 1e-12)
	require.Contains(t, a.At(0), "noise scale "+fmt.Sprintf("%.2g", 4*a.Noise[0]/a.Signal[0]))
	require.Equal(t, a.At(4), a.At(-1))
	require.Contains(t, drawn(t, a.Draw()), "theory, if the noise were normal")
	settings.Batch = 3
	_, err = lecture.MeasureAgreement(t.Context(), s, settings)
	require.Error(t, err, "too few for the exact theory")
}

func TestPullsAreDrawn(t *testing.T) {
	pulls, err := lecture.MeasurePulls(patients(t, 12), 3, 0)
	require.NoError(t, err)
	require.Contains(t, drawn(t, pulls.DrawAll()), "12 arrows")
	require.Contains(t, drawn(t, pulls.DrawBatch()), "3 arrows")
	require.Contains(t, pulls.String(), "so their mean pull has length")
}

func TestDanceIsDrawnWithItsEllipse(t *testing.T) {
	s := patients(t, 0)
	trainer, err := s.Trainer(train.Record{Params: true})
	require.NoError(t, err)
	defer trainer.Close()
	run, err := trainer.Run(t.Context(), train.Config{LearningRate: 0.05, Steps: 30, Start: map[string]any{"theta": s.Beside()}})
	require.NoError(t, err)
	fig, words := s.DrawDance(s.Around("dance", 0.5), run, 4, 0.05)
	require.Contains(t, words, "of 30 steps")
	require.Contains(t, drawn(t, fig), "theory: two standard deviations")
	fig, words = s.DrawDance(s.Around("dance", 0.5), run, 1, 0.9)
	require.Contains(t, words, "no ellipse")
	require.NotContains(t, drawn(t, fig), "theory: two standard deviations")
	_, err = lecture.AnimateSteps(s.Around("left", 0.5), s.Around("right", 0.5), run, run).PNG()
	require.NoError(t, err)
}

func TestMotionWithoutBounds(t *testing.T) {
	s := patients(t, 0)
	motion := func(settings lecture.MotionSettings) *lecture.Motion {
		m, err := lecture.MeasureMotion(t.Context(), s, settings)
		require.NoError(t, err)
		return m
	}
	gd := motion(lecture.MotionSettings{Rate: 1.3, Steps: 60, Lags: 12, Seed: 1})
	sgd := motion(lecture.MotionSettings{Batch: 4, Rate: 0.02, Steps: 4000, Lags: 120, Seed: 1})
	fig, words := lecture.CompareMotions(gd, sgd)
	require.Contains(t, words, "Lag 1: GD")
	require.Contains(t, drawn(t, fig), "How far SGD gets in k steps")
	fig, words = lecture.DrawSpectra([]string{"GD", "SGD"}, []*lecture.Motion{gd, sgd})
	require.Contains(t, words, "GD: measured ÷ theory 1.00")
	drawn(t, fig)
	wild := motion(lecture.MotionSettings{Batch: 1, Rate: 0.5, Steps: 200, Lags: 120, Seed: 1})
	fig, words = lecture.CompareMotions(gd, wild)
	require.Contains(t, words, "no stationary walk to measure")
	drawn(t, fig)
	_, words = lecture.DrawSpectra([]string{"GD", "SGD"}, []*lecture.Motion{gd, wild})
	require.Contains(t, words, "no spectrum to measure")
}

func TestStabilityIsTold(t *testing.T) {
	inf := math.Inf(1)
	verdicts := []lecture.Stability{{Rate: 0.1, GD: 1e-20, SGD: []float64{0.1, 0.2, 0.3}, Expected: 0.2, GDGrowth: -0.1, MeanSquareGrowth: -0.1},
		{Rate: 1, GD: 2, SGD: []float64{inf, inf, 1e13}, Expected: inf, GDGrowth: -0.2, MeanSquareGrowth: 0.8, TypicalGrowth: stat.Interval{Value: 0.25, Low: 0.24, High: 0.26}}}
	header, rows := lecture.StabilityTable(verdicts, 1)
	require.Len(t, header, len(rows[0]))
	require.Equal(t, [][]string{{"0.100", "0, to rounding", "0.2", "0.2", "0 of 3", "0 of 3", "+0.000 (no interval)"},
		{"1.000", "2", "beyond 10¹²", "beyond 10¹²", "3 of 3", "3 of 3", "+0.250 (+0.240 … +0.260)"}}, rows)
	words := drawn(t, lecture.DrawStability(verdicts, &lecture.Limits{GD: 1.5, MeanSquare: 0.5, AlmostSure: stat.Interval{Value: 0.9}}, 30, 1))
	require.Contains(t, words, "Horizontal line at 1: start")
	require.Contains(t, words, "root mean square, theory (theory): from −0.1 to 0.35.", "a line ends at the border")
	require.Contains(t, words, "Vertical line at 0.9: almost sure")
}

func TestDecaysInATable(t *testing.T) {
	stayed := &lecture.Decay{Power: 1, Step: []int{10, 100}, Distance: []stat.Interval{{Value: 2, Low: 1, High: 3}, {Value: 1, Low: 1, High: 1}},
		Predicted: []float64{2, 1}, Slope: stat.Interval{Value: -1, Low: -1, High: -1}, Exact: -0.9, Limit: -1}
	lost := &lecture.Decay{Power: 0, Diverged: 3}
	header, rows := lecture.DecayTable([]*lecture.Decay{stayed, lost}, 8)
	require.Len(t, header, 7)
	require.Equal(t, [][]string{{"1", "yes", "yes", "-1.00 (no interval)", "-0.90", "-1.00", "1.0e+00"},
		{"0", "yes", "no", "3 of 8 runs diverged", "–", "–", "–"}}, rows)
	fig := logs()
	require.Equal(t, 1, lecture.DrawDecays(fig, []*lecture.Decay{stayed, lost}))
	require.Contains(t, drawn(t, fig), "p = 1 (points): from 2 to 1.")
	for rate, want := range map[float64]string{0.1: "stays bounded", 1.5: "the error grows until"} {
		words, err := patients(t, 0).JudgeRate(4, rate)
		require.NoError(t, err)
		require.Contains(t, words, want)
	}
	_, err := patients(t, 0).JudgeRate(0, 1)
	require.Error(t, err)
}

func TestAveragesInWords(t *testing.T) {
	one := stat.Interval{Value: 0.5, Low: 0.5, High: 0.5}
	a := &lecture.Averaging{Rate: 0.1, Step: []int{1}, Last: []stat.Interval{one}, Average: []stat.Interval{one},
		PredictedLast: []float64{1}, PredictedAverage: []float64{1}, Ruppert: []float64{1}, Seeds: 1}
	require.NotContains(t, a.String(), "±", "one run says nothing of the error")
	a.Average[0].High = 0.7
	require.Contains(t, a.String(), "5.0e-01 ± 1.0e-01")
	fig, err := lecture.DrawAveraging([]*lecture.Averaging{a, {Diverged: 2, Seeds: 3}})
	require.NoError(t, err)
	require.Contains(t, drawn(t, fig), "the limit, whatever η₀")
	_, err = lecture.DrawAveraging([]*lecture.Averaging{{Diverged: 2, Seeds: 3}})
	require.ErrorContains(t, err, "give smaller ones")
	require.Contains(t, (&lecture.Averaging{Diverged: 2, Seeds: 3}).String(), "2 of 3 runs diverged")
}

func TestTrackingAtRates(t *testing.T) {
	streams, err := lecture.NewStreams(lecture.StreamSettings{Streams: 2, Examples: 500, Noise: 0.5, Velocity: 0.001})
	require.NoError(t, err)
	curve, err := lecture.TrackAt(t.Context(), streams, []float64{0.5, 1, 1000})
	require.NoError(t, err)
	require.Len(t, curve.Rates, 2, "the last is not stable")
	last := len(curve.Fine) - 1
	require.InDeltaSlice(t, curve.Rates, []float64{curve.Fine[0], curve.Fine[last]}, 1e-12)
	require.Less(t, curve.Exact[last], curve.Exact[0], "the best rate")
	for i := range curve.Fine {
		require.InEpsilon(t, curve.Exact[i], curve.Lag[i]+curve.Noise[i], 1e-12)
	}
	require.Contains(t, drawn(t, curve.Draw()), "lag alone (line)")
	require.Less(t, curve.Least(), 2)
	_, err = lecture.TrackAt(t.Context(), streams, []float64{1000})
	require.ErrorContains(t, err, "choose smaller ones")
	trackers, err := lecture.Follow(t.Context(), streams, lecture.ConstantRate())
	require.NoError(t, err)
	require.Contains(t, trackers[0].String(), "mean squared distance")
	require.True(t, trackers[0].Search.Inside())
	require.Contains(t, drawn(t, lecture.DrawTrackers("drift", 0, trackers...)), "constant (points)")
	_, rows := lecture.TrackerTable(trackers)
	require.Len(t, rows[0], 5)
	jumps, err := lecture.NewStreams(lecture.StreamSettings{Streams: 2, Examples: 1000, Noise: 0.1, Walk: 1, Every: 100})
	require.NoError(t, err)
	trackers, err = lecture.Follow(t.Context(), jumps, lecture.ConstantRate())
	require.NoError(t, err)
	settles := trackers[0].Settles
	require.Len(t, settles, 99, "every step from one jump to the next")
	require.Less(t, settles[98], settles[0]/2, "after a jump the distance shrinks")
	require.Contains(t, drawn(t, lecture.DrawLateness([]float64{0}, trackers, trackers[0])), "restarts, theory (theory)")
	require.Contains(t, drawn(t, lecture.DrawSettling("jumps", trackers)), "constant (points)")
	_, err = lecture.Follow(t.Context(), streams, lecture.Family{Name: "none"})
	require.ErrorContains(t, err, "none has no function Eta")
	require.Equal(t, "diverged.", (&lecture.Tracker{}).String())
}

func TestRunsOnTheTrap(t *testing.T) {
	trap, err := lecture.NewTrap(0, 0.5)
	require.NoError(t, err)
	trainer, err := lecture.NewTrainer(trap, "SGD", train.Record{Params: true})
	require.NoError(t, err)
	defer trainer.Close()
	run, err := trainer.Run(t.Context(), train.Config{LearningRate: 0.01, Steps: 5})
	require.NoError(t, err)
	fig, words := trap.Maps("small", "large").Draw(run, run)
	require.Contains(t, words, "small: in the trap")
	require.Contains(t, drawn(t, fig), "the last 50 steps (line)")
	at := func(v float64) lecture.Refined {
		return lecture.Refined{Wide: stat.Interval{Value: 0.9, Low: 0.8, High: 1}, Distance: stat.Interval{Value: v, Low: v / 2, High: 2 * v}, Predicted: v}
	}
	none := lecture.Refined{Distance: stat.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}}
	escapes := []*lecture.Escape{{Rate: 0.1, Constant: at(1), Decayed: at(0.5)}, {Rate: 1, Constant: at(2), Decayed: at(0.5)}, {Rate: 2, Constant: none, Decayed: at(0.5)}}
	text := drawn(t, trap.DrawRefinement(escapes))
	require.Regexp(t, `rate stays at η₀ \([^)]*\): from 1 `, text)
	require.NotContains(t, text, "NaN", "the last one reached nothing")
	_, rows := lecture.EscapeTable(escapes)
	require.Equal(t, "–", rows[2][2])
	require.Equal(t, "90 % (80 … 100)", rows[0][1])
}

func TestScoresFirstToLast(t *testing.T) {
	at := func(v float64) stat.Interval { return stat.Interval{Value: v, Low: v / 2, High: 2 * v} }
	scores := []*lecture.ScheduleScore{
		{NamedSchedule: lecture.NamedSchedule{Name: "plateau"}, Search: lecture.RateSearch{Rates: []float64{0.2}, Each: []float64{1}}, Excess: at(0.01), Predicted: math.NaN(), Rates: []float64{0.2, 0.1}, Step: []int{0, 10, 20}},
		{NamedSchedule: lecture.NamedSchedule{Name: "constant"}, Search: lecture.RateSearch{Rates: []float64{0.1}, Each: []float64{1}}, Excess: at(0.02), Predicted: 0.02, Rates: []float64{0.1, 0.1}, Step: []int{0, 10}},
	}
	drawn(t, lecture.DrawSchedules(scores))
	best := lecture.BestFirst(scores)
	require.Equal(t, "plateau", best[1].Name, "theory is silent on it")
	require.Equal(t, "plateau", scores[0].Name, "the argument stays")
	require.Contains(t, drawn(t, lecture.DrawScores(best)), "exact (histogram of 2 bars): from −0.5 to 1.5, the highest, 20, from −0.5 to 0.5.")
	_, rows := lecture.ScheduleTable(best)
	require.Equal(t, []string{"plateau", "0.2", "0", "0 %", "10.00", "5.00 … 20.00", "–", "0.00"}, rows[1])
}

func TestOptimizersRelativeToSGD(t *testing.T) {
	var scores []*lecture.Score
	for _, task := range []string{"a", "b"} {
		for i, name := range lecture.Optimizers {
			v := float64(i + 1)
			scores = append(scores, &lecture.Score{Task: task, Left: "loss", Optimizer: name, Search: lecture.RateSearch{Rates: []float64{0.1}, Each: []float64{v}}, Excess: stat.Interval{Value: v, Low: v, High: v}})
		}
	}
	require.Contains(t, drawn(t, lecture.DrawOptimizers(scores)), "(values with intervals): GD 0.5, SGD 1, momentum 1.5,")
	header, rows := lecture.OptimizerTable(scores)
	require.Equal(t, []string{"optimizer", "a, loss", "b, loss"}, header)
	require.Equal(t, []string{"SGD", "2 (no interval) at η = 0.1", "2 (no interval) at η = 0.1"}, rows[1])
	require.Len(t, rows, len(lecture.Optimizers))
}

func TestThroughput(t *testing.T) {
	times := &lecture.StepTimes{Examples: []int{1, 2, 4, 8}, Seconds: []float64{5, 7, 11, 19}}
	require.Equal(t, []float64{1. / 5, 2. / 7, 4. / 11, 8. / 19}, times.Throughput())
	step, example := times.Price()
	require.InEpsilon(t, 3, step, 1e-9)
	require.InEpsilon(t, 2, example, 1e-9)
	require.Contains(t, drawn(t, times.DrawThroughput()), "a price of the step")
	require.Equal(t, []float64{5e6, 7e6, 11e6, 19e6}, times.Micro())
	step, example = (&lecture.StepTimes{Examples: []int{8}, Seconds: []float64{1}}).Price()
	require.True(t, math.IsNaN(step) && math.IsNaN(example), "one size cannot tell the two prices apart")
	grown, err := (&lecture.StepTimes{Examples: []int{10, 1000, 2000, 4000}, Seconds: []float64{1, 1, 2, 4}}).Growth(1000)
	require.NoError(t, err)
	require.InEpsilon(t, 1, grown.Exponent.Value, 1e-9)
	_, err = times.Growth(1000)
	require.Error(t, err)
}

func TestExperimentsEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := lecture.MeasureFactors(ctx, lecture.Valley(), []float64{0.1}, 10)
	require.ErrorIs(t, err, context.Canceled)
	study, err := lecture.Progression("bmi", "s5")
	require.NoError(t, err)
	_, err = lecture.CompareClosedForm(ctx, study, []float64{0.1}, 10)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOrders(t *testing.T) {
	all, err := lecture.Orders(13)
	require.NoError(t, err)
	require.Len(t, all, 4)
	_, err = lecture.Orders(0)
	require.Error(t, err)
	require.InDelta(t, 0.5, lecture.RelativeError([]float64{1, 3}, []float64{1, 2}), 1e-15)
}
