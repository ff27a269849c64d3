package claims

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// The tests of chapter 2. They call what its cells call; a stochastic claim is held against the interval at a confidence
// at which a false alarm is rarer than one in 10,000, with seeds that are fixed.

func patients(t *testing.T, n int) *lecture.Study {
	t.Helper()
	s, err := lecture.TwoMeasurements(n, "bmi", "s5")
	require.NoError(t, err)
	return s
}

// wide widens an interval at 95 %, which is ±1.96 standard errors or a little more, to ±4.5.
func wide(i stat.Interval) stat.Interval {
	half := (i.High - i.Low) / 2 * 4.5 / 1.96
	return stat.Interval{Value: i.Value, Low: i.Value - half, High: i.Value + half}
}

// firstSteps returns θ_1 of least squares on 30 patients, of whom one has been changed if its number is given. -1 changes none.
func firstSteps(t *testing.T, sampler sample.Sampler) func(changed int) []float64 {
	s := patients(t, 30)
	fit := func(changed int) *problem.LeastSquares {
		y := slices.Clone(s.Targets)
		if changed >= 0 {
			y[changed] += 10
		}
		p, err := problem.NewLeastSquares(s.Features, y)
		require.NoError(t, err)
		p.DType = dtypes.Float64
		return p
	}
	unchanged := trainer(t, fit(-1), train.Record{})
	return func(changed int) []float64 {
		on, err := unchanged.On(fit(changed).Data())
		require.NoError(t, err)
		defer on.Close()
		return run(t, on, train.Config{LearningRate: 0.1, Steps: 1, Sampler: sampler, Seed: 1}).Final
	}
}

// Section 2.1: a step of gradient descent asks every example, which is why it costs time in proportion to n: whichever of
// them changes, the step does. (The times themselves are the machine's: the notebook shows them.)
func TestClaimS1AStepAsksEveryExample(t *testing.T) {
	step := firstSteps(t, sample.Full())
	for i := range 30 {
		require.Greater(t, floats.Distance(step(-1), step(i), 2), 1e-3, "example %d", i)
	}
}

// Section 2.3: a step on a batch asks the b examples of the batch and no other, whatever n; and the measurement of times
// returns one for each size.
func TestClaimS3ABatchAsksItsOwn(t *testing.T) {
	sampler, err := sample.WithoutReplacement(4)
	require.NoError(t, err)
	step := firstSteps(t, sampler)
	asked := 0
	for i := range 30 {
		if floats.Distance(step(-1), step(i), 2) > 1e-3 {
			asked++
		}
	}
	require.Equal(t, 4, asked)
	times, err := lecture.TimeSteps(t.Context(), lecture.StepTimeSettings{Features: 3, Of: 64, Sizes: []int{1, 8, 64}})
	require.NoError(t, err)
	require.Len(t, times.Seconds, 3)
	for _, s := range times.Seconds {
		require.Greater(t, s, 0.0)
	}
}

// Section 2.2: unbiased, with a variance of tr Σ/b, times (n−b)/(n−1) without replacement. With 22 comparisons a bias of
// 4.5 standard errors is rarer than 1 in 6,000 for one kind, and the seeds are fixed.
func TestClaimS2ABatchIsAnUnbiasedEstimate(t *testing.T) {
	s := patients(t, 0)
	sizes := []int{1, 2, 4, 8, 16, 32, 64, 128, 256}
	for _, of := range []theory.Sampling{theory.WithReplacement, theory.WithoutReplacement} {
		noise, err := lecture.MeasureBatchNoise(s, lecture.BatchNoiseSettings{Theta: s.Start, Sampling: of, Batches: sizes, Draws: 4000, Seed: 1})
		require.NoError(t, err)
		require.Less(t, noise.Bias, 4.5)
		require.Equal(t, 2*len(sizes), noise.Comparisons)
		var values []float64
		for i, v := range noise.Variance {
			require.True(t, wide(v).Contains(noise.Predicted[i]), "b = %d: %v, theory %v", sizes[i], v, noise.Predicted[i])
			values = append(values, v.Value)
		}
		if of == theory.WithReplacement {
			law, err := stat.FitPowerLaw([]float64{1, 2, 4, 8, 16, 32, 64, 128, 256}, values, 0.95)
			require.NoError(t, err)
			require.InDelta(t, -1, law.Exponent.Value, 0.03)
		} else {
			require.InDelta(t, 186.0/441, noise.Predicted[8]/(noise.Predicted[0]/256), 1e-12, "the finite-population factor")
		}
	}
}

// Section 2.4: from 0.88 far away to almost none at the optimum, where the signal-to-noise ratio goes to 0. Near the
// optimum the noise is near enough to normal for the theory of the cosine.
func TestClaimS4FarAwayAFewAgree(t *testing.T) {
	a, err := lecture.MeasureAgreement(t.Context(), patients(t, 0), lecture.AgreementSettings{Start: []float64{5, -5}, Rate: 0.1, Steps: 120, Stride: 5, Batch: 10, Draws: 500, Seed: 1})
	require.NoError(t, err)
	last := len(a.Step) - 1
	require.Greater(t, wide(a.Cosine[0]).Low, 0.8)
	require.Less(t, wide(a.Cosine[last]).High, 0.25)
	require.Greater(t, a.Signal[0], 1.0)
	require.Less(t, a.Signal[last], 1e-3)
	for i := range a.Step[1:] {
		require.Less(t, a.Signal[i+1], a.Signal[i])
		if a.Signal[i+1] < 0.2 {
			require.InDelta(t, a.Predicted[i+1], a.Cosine[i+1].Value, 4.5*(a.Cosine[i+1].High-a.Cosine[i+1].Low)/3.92+0.02, "step %d", a.Step[i+1])
		}
	}
}

// Section 2.5: the pulls of all examples at the optimum balance to rounding.
func TestClaimS5AtTheOptimumAllBalance(t *testing.T) {
	for _, n := range []int{5, 24, 442} {
		p, err := lecture.MeasurePulls(patients(t, n), 4, 0)
		require.NoError(t, err)
		require.Less(t, p.Length, 1e-14)
		longest := 0.0
		for _, g := range p.Each {
			longest = max(longest, floats.Norm(g, 2))
		}
		require.Greater(t, longest, 0.1, "though each pulls")
	}
}

// Section 2.5: those of a batch don't; over 4,000 batches the mean square of their length is that of theory, within 4.5
// standard errors.
func TestClaimS6ABatchIsUnbalanced(t *testing.T) {
	s := patients(t, 24)
	var squares []float64
	expected := 0.0
	for draw := range 4000 {
		p, err := lecture.MeasurePulls(s, 6, draw)
		require.NoError(t, err)
		require.Greater(t, p.BatchLength, 1e-6)
		squares, expected = append(squares, p.BatchLength*p.BatchLength), p.Expected*p.Expected
	}
	mean, err := stat.Mean(squares, 0.95)
	require.NoError(t, err)
	require.True(t, wide(mean).Contains(expected), "%v, theory %v", mean, expected)
}

// Section 2.6: the floor is that of the Lyapunov equation at every rate, proportional to η at small ones.
func TestClaimS7TheDanceHasASize(t *testing.T) {
	s := patients(t, 0)
	rates := []float64{0.004, 0.01, 0.03, 0.1, 0.4}
	dance, err := lecture.MeasureDance(t.Context(), s, lecture.Grid{Batch: 4, Rates: rates, Steps: 20_000, Seeds: 12})
	require.NoError(t, err)
	var values []float64
	for i, v := range dance.Excess {
		require.True(t, wide(v).Contains(dance.Predicted[i]), "η = %g: %v, theory %v", rates[i], v, dance.Predicted[i])
		require.Less(t, (v.High-v.Low)/v.Value, 0.4, "the interval is narrow enough to tell")
		values = append(values, v.Value)
		for r := range 2 {
			require.InEpsilon(t, dance.Theory[i].At(r, r), dance.Covariance[i].At(r, r), 0.25, "variance of weight %d at η = %g", r, rates[i])
		}
	}
	law, err := stat.FitPowerLaw(rates[:3], values[:3], 0.95)
	require.NoError(t, err)
	require.InDelta(t, 1, law.Exponent.Value, 0.08, "the floor is proportional to η")
	require.Greater(t, values[4], 1.2*dance.SmallRate[4], "and more than that at large rates")

	e, err := lecture.StationaryEllipse(s, 4, 0.05, 2)
	require.NoError(t, err)
	on, err := s.Trainer(train.Record{Params: true})
	require.NoError(t, err)
	defer on.Close()
	sampler, err := sample.WithReplacement(4)
	require.NoError(t, err)
	h := run(t, on, train.Config{LearningRate: 0.05, Steps: 50_000, Stride: 10, Sampler: sampler, Seed: 1, Start: map[string]any{"theta": s.Descent.Optimum}})
	require.InDelta(t, 0.865, e.Inside(h.Params), 0.02, "two standard deviations")
}

// Section 2.7: between SGD's limit and GD's, GD converges and SGD doesn't; below, the root mean square is that of theory.
func TestClaimS8StableForGDIsNotStableForSGD(t *testing.T) {
	s := patients(t, 0)
	limit := theory.StabilityThreshold(s.Descent.Lambda[1])
	sgd, err := s.SGD(1)
	require.NoError(t, err)
	require.Less(t, sgd.Threshold, 0.5*limit)
	verdicts, err := lecture.CompareStability(t.Context(), s, lecture.Grid{Batch: 1, Rates: []float64{0.1 * sgd.Threshold, (sgd.Threshold + limit) / 2, 1.02 * limit}, Steps: 300, Seeds: 200})
	require.NoError(t, err)
	require.Less(t, verdicts[0].GD, 1e-4)
	require.Zero(t, verdicts[0].Blown)
	squares := make([]float64, 200)
	for i, r := range verdicts[0].SGD {
		squares[i] = r * r
	}
	mean, err := stat.Mean(squares, 0.95)
	require.NoError(t, err)
	require.True(t, wide(mean).Contains(verdicts[0].Expected*verdicts[0].Expected), "%v, theory %v", mean, verdicts[0].Expected)
	require.Less(t, verdicts[1].GD, 1e-12, "gradient descent converges")
	require.Greater(t, verdicts[1].Blown, 180, "SGD does not")
	require.Greater(t, lecture.Quantile(verdicts[1].SGD, 0.5), 1.0)
	require.Greater(t, verdicts[2].GD, 10.0, "beyond its limit GD diverges too")
}

// Section 2.8: GD's steps are anticorrelated, SGD's hardly correlated at all, and its displacement that of a walk that the
// bowl calls back.
func TestClaimS10OscillationIsNotARandomWalk(t *testing.T) {
	s := patients(t, 0)
	limit := theory.StabilityThreshold(s.Descent.Lambda[1])
	gd, err := lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Rate: 0.97 * limit, Steps: 60, Lags: 12, Seed: 1})
	require.NoError(t, err)
	require.Less(t, gd.Steps[1].Value, -0.9)
	require.Greater(t, gd.Steps[2].Value, 0.8)
	sgd, err := lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Batch: 4, Rate: 0.02, Steps: 200_000, Lags: 120, Seed: 1})
	require.NoError(t, err)
	for k := 1; k <= 12; k++ { // white noise of 180,000 values: 4.5/√180000 = 0.011
		require.InDelta(t, sgd.Predicted[k], sgd.Steps[k].Value, 0.011, "lag %d", k)
	}
	require.Less(t, math.Abs(sgd.Predicted[1]), 0.02)
	for _, k := range []int{1, 3, 10, 30, 120} { // of order √(120/ηλ)/√180000: a few per cent
		require.InEpsilon(t, sgd.PredictedSpread[k], sgd.Spread[k], 0.06, "lag %d", k)
	}
	mean := 0.0
	for i := range sgd.Power {
		mean += sgd.Power[i] / sgd.PredictedPower[i] / float64(len(sgd.Power))
	}
	require.InDelta(t, 1, mean, 0.03, "the spectrum")
	require.Less(t, sgd.Power[len(sgd.Power)-1], 0.01*sgd.Power[0], "has no peak at π")
}

// Section 2.9: linear convergence to zero where every example can be fitted, at a rate within theory's bound; a floor of
// the size that theory gives where not.
func TestClaimS11InterpolationNeedsNoDecay(t *testing.T) {
	can, err := lecture.Interpolate(t.Context(), lecture.InterpolationSettings{Examples: 40, Features: 80, Batch: 4, Fraction: 0.3, Steps: 4000, Seeds: 10})
	require.NoError(t, err)
	require.Zero(t, can.Floor)
	last := can.Curve.Mean[len(can.Curve.Mean)-1]
	require.Less(t, last.High, 1e-15)
	require.Less(t, can.Rate, can.Bound, "typical runs are faster than the mean square")
	require.Greater(t, can.Rate, 0.98)
	cannot, err := lecture.Interpolate(t.Context(), lecture.InterpolationSettings{Examples: 40, Features: 8, Batch: 4, Fraction: 0.3, Steps: 4000, Seeds: 40})
	require.NoError(t, err)
	require.Greater(t, cannot.Floor, 0.05)
	sum, count := 0.0, 0
	for _, m := range cannot.Curve.Mean[10:] {
		sum, count = sum+m.Value, count+1
	}
	require.InEpsilon(t, cannot.Floor, sum/float64(count), 0.03) // 30 × 40 values of a spread of about 20 %
}

// Section 2.10: an epoch shows every example once (also asserted in package sample), and a structured order harms.
func TestClaimS12ShuffleTheData(t *testing.T) {
	s, err := lecture.SortedStudy("bmi", "s5")
	require.NoError(t, err)
	var samplers []sample.Sampler
	for _, make := range []func(int) (sample.Sampler, error){sample.InOrder, sample.WithReplacement, sample.ShuffledOnce, sample.Reshuffled} {
		made, err := make(13)
		require.NoError(t, err)
		samplers = append(samplers, made)
	}
	seen := make([]int, 442)
	for step := range 34 {
		for _, i := range samplers[3].Indices(step, 7, 442) {
			seen[i]++
		}
	}
	for _, times := range seen {
		require.Equal(t, 1, times)
	}
	curves, err := lecture.CompareOrders(t.Context(), s, lecture.OrderSettings{Samplers: samplers, Rate: 0.05, Steps: 340, Stride: 34, Seeds: 120})
	require.NoError(t, err)
	end := make([]stat.Interval, 4)
	for i, c := range curves {
		require.Zero(t, c.Diverged)
		end[i] = wide(c.Mean[len(c.Mean)-1])
	}
	require.Greater(t, end[0].Low, 5*end[1].High, "sorted is worst")
	require.Greater(t, end[1].Low, end[2].High, "independent draws are worse than epochs")
	require.Greater(t, end[1].Low, end[3].High)
}

// Section 2.10: with and without replacement differ by theory's factor on few examples and not on many.
func TestClaimS13ReplacementDoesNotMatterOnLargeData(t *testing.T) {
	sizes := []int{16, 40, 442}
	r, err := lecture.CompareReplacement(t.Context(), lecture.ReplacementSettings{Batch: 8, Rate: 0.1, Sizes: sizes, Steps: 20_000, Seeds: 12})
	require.NoError(t, err)
	for i := range sizes {
		require.True(t, wide(r.Ratio[i]).Contains(r.Predicted[i]), "n = %d: %v, theory %v", sizes[i], r.Ratio[i], r.Predicted[i])
	}
	require.Less(t, wide(r.Ratio[0]).High, 0.65)
	require.InDelta(t, 1, r.Predicted[2], 0.02)
}
