package claims

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

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

// errs is 4.5 standard errors of an estimate with its interval at 95 %, which is ±1.96 of them or a little more.
func errs(i stat.Interval) float64 { return (i.High - i.Low) / 2 * 4.5 / 1.96 }

// wide widens an interval at 95 % to ±4.5 standard errors.
func wide(i stat.Interval) stat.Interval {
	half := errs(i)
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

// Section 2.3: at each size's own best rate the mean excess loss of 200 runs is at the target at the step that theory says, within 4.5
// standard errors. Small batches look at as many examples, whatever their size; large ones need gradient descent's number of steps. No
// best rate is at the end of those tried: theory's FewestSteps asserts that.
func TestClaimS3TwoRegimesOfBatchSize(t *testing.T) {
	ten, err := lecture.TenMeasurements()
	require.NoError(t, err)
	r, err := lecture.MeasureTimeToLoss(t.Context(), ten, lecture.TimeToLossSettings{Batches: []int{8, 16, 128, 1024, 16_384}, Target: 0.01, Seeds: 200})
	require.NoError(t, err)
	for i, reached := range r.Reached {
		require.True(t, wide(reached).Contains(1), "b = %d: %v of the target", r.Batch[i], reached)
		require.InEpsilon(t, r.Predicted[i], r.Steps[i], 0.15)
		require.GreaterOrEqual(t, r.Predicted[i], r.Fewest)
	}
	require.InEpsilon(t, r.Predicted[0]/2, r.Predicted[1], 0.02, "noise-limited: twice the batch, half the steps")
	require.InEpsilon(t, r.Fewest, r.Predicted[4], 0.1, "step-limited")
	require.InDelta(t, 2, r.Predicted[3]/r.Fewest, 0.5, "about twice the fewest at the critical size, which is about 1,000")
	require.InEpsilon(t, 1000, r.Critical(), 0.15)
}

// Section 2.2: unbiased, with a variance of tr Σ/b, times (n−b)/(n−1) without replacement. With 22 comparisons a bias of
// 4.5 standard errors is rarer than 1 in 6,000 for one kind, and the seeds are fixed.
func TestClaimS2ABatchIsAnUnbiasedEstimate(t *testing.T) {
	s := patients(t, 0)
	sizes := []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 442}
	for _, of := range []theory.Sampling{theory.WithReplacement, theory.WithoutReplacement} {
		noise, err := lecture.MeasureBatchNoise(s, lecture.BatchNoiseSettings{Theta: s.Start, Sampling: of, Batches: sizes, Draws: 2000, Seed: 1})
		require.NoError(t, err)
		require.Less(t, noise.Bias, 4.5)
		var values []float64
		for i, v := range noise.Variance {
			if sizes[i] == 442 && of == theory.WithoutReplacement {
				require.Less(t, v.High, 1e-25, "the batch of all is the full gradient")
				require.Equal(t, 2*(len(sizes)-1), noise.Comparisons)
				continue
			}
			require.True(t, wide(v).Contains(noise.Predicted[i]), "b = %d: %v, theory %v", sizes[i], v, noise.Predicted[i])
			values = append(values, v.Value)
		}
		if of == theory.WithReplacement {
			law, err := stat.FitPowerLaw([]float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 442}, values, 0.95)
			require.NoError(t, err)
			require.InDelta(t, -1, law.Exponent.Value, 0.03)
		} else {
			require.InDelta(t, 186.0/441, noise.Predicted[8]/(noise.Predicted[0]/256), 1e-12, "the finite-population factor")
		}
	}
}

// Section 2.4: far away the cosine saturates at 0.89, and at the optimum there is almost none. The exact theory holds everywhere; that for
// normal noise is too low far away, by many standard errors, and holds near the optimum. Signal and noise are both ∝ distance² far away.
func TestClaimS4FarAwayAFewAgree(t *testing.T) {
	a, err := lecture.MeasureAgreement(t.Context(), patients(t, 0), lecture.AgreementSettings{Start: []float64{50, -50}, Rate: 0.1, Steps: 180, Stride: 12, Batch: 10, Draws: 1000, Seed: 1})
	require.NoError(t, err)
	last := len(a.Step) - 1
	for i := range a.Step {
		c := wide(a.Cosine[i])
		require.Less(t, c.Low-1e-3, a.Predicted[i], "step %d", a.Step[i])
		require.Greater(t, c.High+1e-3, a.Predicted[i], "step %d", a.Step[i])
	}
	require.Greater(t, wide(a.Cosine[0]).Low, 0.85)
	require.Less(t, wide(a.Cosine[0]).High, 0.93)
	require.Greater(t, wide(a.Cosine[0]).Low, a.Normal[0]+0.03)
	require.Less(t, wide(a.Cosine[last]).High, 0.25)
	require.InDelta(t, a.Normal[last], a.Cosine[last].Value, 0.1)
	require.InEpsilon(t, a.Signal[0]/a.Noise[0], a.Signal[2]/a.Noise[2], 0.02, "saturated: the same at a quarter of the distance")
	require.Less(t, a.Distance[2], 0.3*a.Distance[0])
	require.InEpsilon(t, a.Noise[last-2], a.Noise[last], 0.01, "the noise stays near the optimum")
	require.Less(t, a.Signal[last]/a.Noise[last], 1e-4)
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

	sgd, err := s.SGD(4)
	require.NoError(t, err)
	largest := 0.45 * sgd.Threshold // as in the cell
	exact, err := sgd.Stationary(largest)
	require.NoError(t, err)
	both, formula := floorWith(s, 4, largest, 1, 1), floorWith(s, 4, largest, 0, 0)
	require.InEpsilon(t, sgd.ExcessLoss(exact), both, 1e-9)
	require.InEpsilon(t, sgd.ExcessLoss(sgd.SmallRate(largest)), formula, 1e-9)
	require.InDelta(t, 0.74, both/formula-1, 0.01, "together they raise the floor by three quarters,")
	require.InDelta(t, 0.36, floorWith(s, 4, largest, 1, 0)/formula-1, 0.01, "overshoot alone by a third,")
	require.InDelta(t, 0.19, floorWith(s, 4, largest, 0, 1)/formula-1, 0.01, "and the noise that grows with the distance alone by a fifth")

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

// floorWith is the mean excess loss at rest, HC + CH = η(overshoot·HCH + growth·(E[xxᵀCxxᵀ] − HCH)/b + Σ/b), with each of the two
// effects of a large rate switched on (1) or off (0).
func floorWith(s *lecture.Study, b int, eta, overshoot, growth float64) float64 {
	n, d := s.Features.Dims()
	share := 1 / float64(n)
	h, noise, fourth := mat.NewDense(d, d, nil), mat.NewDense(d, d, nil), mat.NewDense(d*d, d*d, nil)
	for i := range n {
		x := s.Features.RowView(i)
		residual := mat.Dot(x, mat.NewVecDense(d, s.Descent.Optimum)) - s.Targets[i]
		h.RankOne(h, share, x, x)
		noise.RankOne(noise, share*residual*residual, x, x)
		var outer, twice mat.Dense
		outer.Outer(share, x, x)
		twice.Kronecker(&outer, &outer)
		twice.Scale(1/share, &twice)
		fourth.Add(fourth, &twice)
	}
	one := mat.NewDiagDense(d, slices.Repeat([]float64{1}, d))
	var left, right, step mat.Dense
	left.Kronecker(h, one)
	right.Kronecker(one, h)
	left.Add(&left, &right)
	step.Kronecker(h, h)
	fourth.Sub(fourth, &step)
	step.Scale(eta*overshoot, &step)
	fourth.Scale(eta*growth/float64(b), fourth)
	left.Sub(&left, &step)
	left.Sub(&left, fourth)
	var c mat.VecDense
	if c.SolveVec(&left, mat.NewVecDense(d*d, noise.RawMatrix().Data)) != nil {
		return math.NaN()
	}
	return eta / float64(b) / 2 * mat.Dot(mat.NewVecDense(d*d, h.RawMatrix().Data), &c)
}

// Section 2.7: the growth in mean square and of a typical run change sign at limits of their own, below gradient descent's. The almost-sure
// limit is that of an independent computation: the invariant distribution of the direction, on a grid.
func TestClaimS8TwoLimitsOfSGD(t *testing.T) {
	s := patients(t, 0)
	limits, err := lecture.FindLimits(s, 1, 1_000_000) // as in the cell
	require.NoError(t, err)
	require.InDelta(t, 0.489, limits.MeanSquare, 0.001)
	require.InDelta(t, 0.912, limits.AlmostSure.Value, 0.001+errs(limits.AlmostSure), "10 million products in NumPy: 0.912 ± 0.001")
	require.Less(t, limits.AlmostSure.High-limits.AlmostSure.Low, 0.01, "two digits are certain")
	require.InDelta(t, 1.383, limits.GD, 0.001)
	for _, eta := range []float64{0.6, 0.9, 1.1} {
		growth, err := lecture.Lyapunov(s, 1, eta, 400_000, 2)
		require.NoError(t, err)
		require.InDelta(t, directionGrowth(s, eta), growth.Value, errs(growth)+0.002, "η = %v", eta)
	}
	require.Negative(t, directionGrowth(s, wide(limits.AlmostSure).Low-0.003), "the grid of directions errs by as much")
	require.Positive(t, directionGrowth(s, wide(limits.AlmostSure).High+0.003))
}

// directionGrowth is the Lyapunov exponent of SGD on single examples of two features: a direction, as an angle modulo π, goes to those
// that the examples turn it to, each with its share, until the distribution over 300 angles no longer changes.
func directionGrowth(s *lecture.Study, eta float64) float64 {
	const angles = 300
	n := len(s.Targets)
	density, growth := make([]float64, angles), 0.0
	for k := range density {
		density[k] = 1. / angles
	}
	for range 12 {
		next := make([]float64, angles)
		growth = 0
		for k, share := range density {
			sin, cos := math.Sincos(math.Pi * float64(k) / angles)
			for i := range n {
				x := s.Features.RawRowView(i)
				along := eta * (x[0]*cos + x[1]*sin)
				u, v := cos-along*x[0], sin-along*x[1]
				growth += share / float64(n) * math.Log(math.Hypot(u, v))
				at := math.Mod(math.Atan2(v, u)/math.Pi+1, 1) * angles
				low := int(at)
				part := at - float64(low)
				next[low%angles] += share / float64(n) * (1 - part)
				next[(low+1)%angles] += share / float64(n) * part
			}
		}
		density = next
	}
	return growth
}

// Section 2.7: just above the mean-square limit nearly all runs stay, whose root mean square has no bound; above the almost-sure limit
// nearly all leave, where gradient descent converges. Below the mean-square limit the root mean square is that of theory. Of 200 runs, a
// share that is truly above 15 % (below 85 %) is seen as below 7 % (above 95 %) in fewer than 1 of 10,000 trials.
func TestClaimS8BetweenTheLimitsATypicalRunStays(t *testing.T) {
	s := patients(t, 0)
	start := floats.Distance(s.Start, s.Descent.Optimum, 2)
	far := func(v lecture.Stability) (share float64) {
		for _, r := range v.SGD {
			if r > 10*start {
				share += 1 / float64(len(v.SGD))
			}
		}
		return share
	}
	verdicts, err := lecture.CompareStability(t.Context(), s, lecture.Grid{Batch: 1, Rates: []float64{0.05, 0.5, 0.55, 1.1, 1.25, 1.45}, Steps: 300, Seeds: 200})
	require.NoError(t, err)
	squares := make([]float64, 200)
	for i, r := range verdicts[0].SGD {
		squares[i] = r * r
	}
	mean, err := stat.Mean(squares, 0.95)
	require.NoError(t, err)
	require.True(t, wide(mean).Contains(verdicts[0].Expected*verdicts[0].Expected), "%v, theory %v", mean, verdicts[0].Expected)
	for _, v := range verdicts[1:] {
		require.InDelta(t, directionGrowth(s, v.Rate), v.TypicalGrowth.Value, errs(v.TypicalGrowth)+0.002, "η = %v", v.Rate)
		require.Less(t, v.TypicalGrowth.High-v.TypicalGrowth.Low, 0.006, "the digits that the table shows")
	}
	for _, v := range verdicts[1:3] {
		require.Positive(t, v.MeanSquareGrowth)
		require.Negative(t, v.TypicalGrowth.High)
		require.Less(t, far(v), 0.07, "η = %v", v.Rate)
		require.Less(t, lecture.Quantile(v.SGD, 0.5), 2.0)
	}
	require.Greater(t, verdicts[2].Expected, 1e6, "though the root mean square grows without end")
	for _, v := range verdicts[3:5] {
		require.Positive(t, v.TypicalGrowth.Low)
		require.Greater(t, far(v), 0.95, "η = %v", v.Rate)
		require.Less(t, v.GD, 1e-6, "gradient descent converges")
	}
	require.Greater(t, verdicts[5].GD, 10.0, "beyond its limit GD diverges too")

	spikes, err := lecture.FollowSpikes(t.Context(), s, lecture.Grid{Batch: 1, Rates: []float64{0.6}, Steps: 1000, Seeds: 100})
	require.NoError(t, err)
	require.Less(t, slices.Max(spikes[0].Median), 5*start, "the median stays, for 1,000 steps")
	require.Greater(t, spikes[0].Worst, 100.0, "with spikes")
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
	require.Less(t, sgd.Omega[3], 0.1*0.02*s.Descent.Lambda[1], "several frequencies lie well below ηλ")
	require.InEpsilon(t, sgd.PredictedPower[0], sgd.PredictedPower[3], 0.02, "where the spectrum is flat")
	require.Less(t, sgd.Power[len(sgd.Power)-1], 0.01*sgd.Power[0], "and has no peak at π")

	// At a large rate SGD oscillates as gradient descent does: the rate decides, and not the noise.
	fast, err := lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Batch: 64, Rate: 0.85 * limit, Steps: 200_000, Lags: 12, Seed: 1})
	require.NoError(t, err)
	gd, err = lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Rate: 0.85 * limit, Steps: 60, Lags: 12, Seed: 1})
	require.NoError(t, err)
	for _, m := range []*lecture.Motion{fast, gd} {
		require.Greater(t, m.Power[len(m.Power)-1], 10*m.Power[0], "the peak is at π")
		require.Less(t, m.Steps[1].Value, -0.5)
	}
	for _, m := range []*lecture.Motion{sgd, fast, gd} {
		for i := range m.Power { // the mean of at least 20 frequencies: 4.5/√20, or more at the highest
			require.InDelta(t, 1, m.Power[i]/m.PredictedPower[i], 1.1)
		}
		_, words := lecture.DrawSpectra([]string{"a"}, []*lecture.Motion{m})
		require.Regexp(t, `measured ÷ theory (0\.9[5-9]|1\.0[0-5])`, words)
	}
}

// Section 2.9: at one rate for both, linear convergence to zero where every example can be fitted, at a rate within theory's bound; a floor
// of the size that theory gives where not.
func TestClaimS11InterpolationNeedsNoDecay(t *testing.T) {
	settings := lecture.InterpolationSettings{Examples: 30, Features: 150, Batch: 4, Rate: 0.8, Steps: 2000, Seeds: 10}
	can, err := lecture.Interpolate(t.Context(), settings)
	require.NoError(t, err)
	require.Zero(t, can.Floor)
	require.Less(t, can.Median[len(can.Median)-1].High, 1e-15)
	require.Less(t, can.Rate, can.Bound, "typical runs are faster than the mean square")
	require.Greater(t, can.Rate, can.Bound-0.002)
	settings.Features, settings.Seeds = 6, 40
	cannot, err := lecture.Interpolate(t.Context(), settings)
	require.NoError(t, err)
	require.Greater(t, cannot.Floor, 0.005)
	require.Greater(t, cannot.Least, 0.05)
	sum, count := 0.0, 0
	for _, m := range cannot.Curve.Mean[10:] {
		sum, count = sum+m.Value, count+1
	}
	require.InEpsilon(t, cannot.Floor, sum/float64(count), 0.12) // 30 × 40 values of a spread of about their mean
}

// Section 2.9: the same for deep nets, at one rate for both: the wide one's gradients vanish with its loss, in every run; the narrow one's stay. Its
// median jumps under SGD, and hardly rises under gradient descent, which does not fit all examples either.
func TestClaimS11AWideNetNeedsNoDecay(t *testing.T) {
	settings := lecture.InterpolationSettings{Examples: 30, Features: 6, Widths: []int{24, 24, 24}, Batch: 4, Rate: 0.05, Steps: 4000, Seeds: 4}
	wide, err := lecture.InterpolateNet(t.Context(), settings)
	require.NoError(t, err)
	first, half, last := wide.Median[0], wide.Median[len(wide.Median)/2], wide.Median[len(wide.Median)-1]
	require.Less(t, half.Value, 1e-3*first.Value)
	require.Less(t, last.Value, 1e-3*half.Value, "it goes on falling")
	require.Less(t, wide.Noise, 1e-3*wide.NoiseBefore)
	settings.Widths, settings.Steps = []int{3, 3, 3}, 5000
	narrow, err := lecture.InterpolateNet(t.Context(), settings)
	require.NoError(t, err)
	require.Greater(t, narrow.Median[len(narrow.Median)-1].Value, 1e-3)
	require.Greater(t, narrow.Noise, 0.01*narrow.NoiseBefore)
	settings.Batch = 0
	control, err := lecture.InterpolateNet(t.Context(), settings)
	require.NoError(t, err)
	require.Greater(t, control.Median[len(control.Median)-1].Value, 1e-3)
	require.Greater(t, narrow.From(1000).Jump(), 2.0)
	require.Less(t, control.From(1000).Jump(), 1.1, "a few percent, from one record to the next")
	require.Greater(t, control.From(1000).Jump(), 1.0, "though not smoothly")
}

// Section 2.10: an epoch shows every example once (also asserted in package sample), and a structured order harms. Averaged over an epoch
// shuffling once is the best of all at this rate; both are far better than independent draws. Theory says so, too.
func TestClaimS12ShuffleTheData(t *testing.T) {
	s, err := lecture.SortedStudy("bmi", "s5")
	require.NoError(t, err)
	samplers, err := lecture.Orders(13)
	require.NoError(t, err)
	orders, err := lecture.CompareOrders(t.Context(), s, lecture.OrderSettings{Samplers: samplers, Rate: 0.05, Epochs: 20, Seeds: 300})
	require.NoError(t, err)
	sorted, with, once, again := orders[0], orders[1], orders[2], orders[3]
	for _, o := range []*lecture.Order{sorted, once, again} {
		require.Equal(t, []int{1, 1}, []int{o.Least, o.Most}, o.Name)
	}
	require.Equal(t, 0, with.Least)
	require.Greater(t, with.Most, 2)
	require.Greater(t, wide(sorted.Mean).Low, 10*wide(with.Mean).High, "sorted is worst")
	require.Greater(t, wide(with.Mean).Low, 1.5*wide(again.Mean).High, "independent draws are worse than epochs")
	require.Greater(t, wide(again.Mean).Low, wide(once.Mean).High, "averaged over an epoch")
	require.Greater(t, once.Predicted[34], 1.2*again.Predicted[34])
	for _, o := range orders[1:] {
		for r, predicted := range o.Predicted { // a theory for small η, which is right to 10 % here
			require.InDelta(t, predicted, o.Excess[r].Value, 0.1*predicted+errs(o.Excess[r]), "%s after %d steps", o.Name, r)
		}
	}
}

// Section 2.10: at the end of an epoch reshuffling is better than shuffling once, over 1,500 orders of each.
func TestClaimS12ReshufflingIsBestAtAnEpochsEnd(t *testing.T) {
	s, err := lecture.SortedStudy("bmi", "s5")
	require.NoError(t, err)
	samplers, err := lecture.Orders(13)
	require.NoError(t, err)
	orders, err := lecture.CompareOrders(t.Context(), s, lecture.OrderSettings{Samplers: samplers[2:], Rate: 0.05, Epochs: 8, Seeds: 1500})
	require.NoError(t, err)
	once, again := orders[0].End, orders[1].End
	deviation := math.Hypot(once.High-once.Low, again.High-again.Low) / 3.92 // of the difference
	require.Greater(t, once.Value-again.Value, 3.8*deviation)
	require.Less(t, wide(orders[0].Mean).High, wide(orders[1].Mean).Low, "though not in the mean over the epoch")
}

// Section 2.10: at a rate of its own for each, none at the end of the grid, the sorted order is still worse than independent draws, and
// these are worse than shuffled epochs.
func TestClaimS12AtItsOwnRateEach(t *testing.T) {
	s, err := lecture.SortedStudy("bmi", "s5")
	require.NoError(t, err)
	samplers, err := lecture.Orders(13)
	require.NoError(t, err)
	rates := []float64{0.005, 0.007, 0.01, 0.014, 0.02, 0.028, 0.04}
	orders, err := lecture.OrdersAtRates(t.Context(), s, lecture.OrderSettings{Samplers: samplers, Epochs: 10, Seeds: 200}, rates)
	require.NoError(t, err)
	for _, o := range orders {
		require.Greater(t, o.Best, 0, o.Name)
		require.Less(t, o.Best, len(rates)-1, o.Name)
	}
	best := func(i int) stat.Interval { return wide(orders[i].Excess[orders[i].Best]) }
	require.Greater(t, best(0).Low, best(1).High)
	require.Greater(t, best(1).Low, 2*best(2).High)
	require.Greater(t, best(1).Low, 2*best(3).High)
}

// Section 2.10: the floor of reshuffled epochs is far below that of independent draws on few examples, and the same within 5 % where an
// epoch is many times SGD's memory, b/(ηλ_min) = 143 examples; in between it is that of theory for small η.
func TestClaimS13ReplacementDoesNotMatterOnLargeData(t *testing.T) {
	r, err := lecture.CompareReplacement(t.Context(), lecture.ReplacementSettings{Batch: 8, Rate: 0.1, Sizes: []int{16, 256, 8192}, Steps: 20_000, Seeds: 24})
	require.NoError(t, err)
	for i, ratio := range r.Ratio {
		require.InDelta(t, r.Predicted[i], ratio.Value, 0.06*ratio.Value+errs(ratio), "n = %d", r.Examples[i])
	}
	require.Less(t, wide(r.Ratio[0]).High, 0.1)
	require.Less(t, wide(r.Ratio[1]).High, 0.8)
	require.Greater(t, wide(r.Ratio[2]).Low, 0.9)
	require.Less(t, wide(r.Ratio[2]).High, 1.1)
	require.InDelta(t, 1, r.Predicted[2], 0.02)
	require.InDelta(t, 143, r.Memory, 10)
}
