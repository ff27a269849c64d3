package lecture_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

func patients(t *testing.T, n int) *lecture.Study {
	t.Helper()
	s, err := lecture.TwoMeasurements(n, "bmi", "s5")
	require.NoError(t, err)
	return s
}

func TestStudiesOfPatients(t *testing.T) {
	ten, err := lecture.TenMeasurements()
	require.NoError(t, err)
	two := patients(t, 0)
	require.Equal(t, mat.Col(nil, 2, ten.Features), mat.Col(nil, 0, two.Features), "bmi is the third measurement")
	require.Equal(t, ten.Targets, two.Targets)
	require.InDelta(t, 0, floats.Sum(two.Targets), 1e-10)
	_, err = lecture.TwoMeasurements(0, "bmi", "shoe size")
	require.ErrorContains(t, err, `there is no column "shoe size"`)
	_, err = lecture.TwoMeasurements(2, "bmi", "s5")
	require.ErrorContains(t, err, "patients is 2")
	_, err = lecture.TwoMeasurements(0, "bmi", "bmi")
	require.ErrorContains(t, err, "given twice")
}

// A batch of all examples, drawn without replacement, has the full gradient.
func TestABatchOfAllIsNotNoisy(t *testing.T) {
	s := patients(t, 20)
	noise, err := lecture.MeasureBatchNoise(s, lecture.BatchNoiseSettings{Theta: []float64{1, 2}, Sampling: theory.WithoutReplacement, Batches: []int{1, 20}, Draws: 50, Seed: 1})
	require.NoError(t, err)
	require.Less(t, noise.Variance[1].Value, 1e-25)
	require.InDelta(t, 0, noise.Predicted[1], 1e-15)
	pulls, err := lecture.MeasurePulls(s, 20, 3)
	require.NoError(t, err)
	require.InDelta(t, 0, pulls.Length, 1e-14)
	require.InDelta(t, 0, pulls.BatchLength, 1e-14)
	require.InDelta(t, 0, pulls.Expected, 1e-14)
}

func TestDanceHasTheFloorOfTheory(t *testing.T) {
	s := patients(t, 0)
	dance, err := lecture.MeasureDance(t.Context(), s, lecture.Grid{Batch: 4, Rates: []float64{0.02, 0.1}, Steps: 4000, Seeds: 4})
	require.NoError(t, err)
	for i := range dance.Rate {
		require.InEpsilon(t, dance.Predicted[i], dance.Excess[i].Value, 0.25)
	}
	require.InDelta(t, 5, dance.SmallRate[1]/dance.SmallRate[0], 1e-9, "∝ η")
	_, err = lecture.MeasureDance(t.Context(), s, lecture.Grid{Batch: 4, Rates: []float64{5}, Steps: 10, Seeds: 1})
	require.Error(t, err)
}

// Every point of the ellipse is σ standard deviations away: (p − θ*)ᵀ C⁻¹ (p − θ*) = σ².
func TestStationaryEllipse(t *testing.T) {
	s := patients(t, 0)
	e, err := lecture.StationaryEllipse(s, 4, 0.05, 2)
	require.NoError(t, err)
	sgd, err := s.SGD(4)
	require.NoError(t, err)
	covariance, err := sgd.Stationary(0.05)
	require.NoError(t, err)
	var inverse mat.Dense
	require.NoError(t, inverse.Inverse(covariance))
	for i := range e.X {
		d := mat.NewVecDense(2, []float64{e.X[i] - s.Descent.Optimum[0], e.Y[i] - s.Descent.Optimum[1]})
		require.InDelta(t, 4, mat.Inner(d, &inverse, d), 1e-9)
	}
	require.Equal(t, 0.5, e.Inside([][]float64{s.Descent.Optimum, {9, 9}}))
}

// Gradient descent ends where (1 − ηλ)^T says, and SGD beyond 2/λ_max nowhere.
func TestStabilityOfGradientDescent(t *testing.T) {
	s := patients(t, 0)
	edge := theory.StabilityThreshold(s.Descent.Lambda[1])
	all, err := lecture.CompareStability(t.Context(), s, lecture.Grid{Batch: 4, Rates: []float64{0.1, 1.5 * edge}, Steps: 30, Seeds: 3})
	require.NoError(t, err)
	want := 0.0
	for k, c := range s.Descent.Components(s.Start) {
		want = math.Hypot(want, c*math.Pow(1-0.1*s.Descent.Lambda[k], 30))
	}
	require.InEpsilon(t, want, all[0].GD, 1e-9)
	require.InEpsilon(t, math.Log(1-0.1*s.Descent.Lambda[0]), all[0].GDGrowth, 1e-12)
	require.Greater(t, slices.Min(all[1].SGD), 1.0, "beyond gradient descent's limit")
	require.Greater(t, all[1].GDGrowth, 0.0)
}

func TestDecayIsThatOfTheory(t *testing.T) {
	s := patients(t, 0)
	decays, err := lecture.MeasureDecay(t.Context(), s, lecture.DecaySettings{Batch: 4, Rate: 0.2, Tau: 50, Powers: []float64{0, 1}, Steps: 1000, Seeds: 80})
	require.NoError(t, err)
	for _, d := range decays {
		require.Equal(t, 1000, d.Step[len(d.Step)-1])
		require.InEpsilon(t, d.Predicted[len(d.Step)-1], d.Distance[len(d.Step)-1].Value, 0.5)
	}
	require.Zero(t, decays[0].Limit, "a constant rate ends nowhere")
	require.Less(t, decays[1].Exact, -0.5)
	_, err = lecture.MeasureDecay(t.Context(), s, lecture.DecaySettings{Batch: 4, Rate: 0.2, Tau: 50, Powers: []float64{1}, Steps: 2, Seeds: 2})
	require.ErrorContains(t, err, "at least 100")
}

func TestDecayPathBeginsAtItsStart(t *testing.T) {
	s := patients(t, 0)
	eta, err := lecture.InverseTime(0.2, 50, 1)
	require.NoError(t, err)
	path, err := lecture.FollowDecay(t.Context(), s, lecture.PathSettings{Batch: 4, Schedule: eta, Start: []float64{1, -1}, Steps: 20, Seed: 1})
	require.NoError(t, err)
	require.Len(t, path.X, 21)
	require.Equal(t, []float64{1, -1}, []float64{path.X[0], path.Y[0]})
	require.InDelta(t, 0.2/(1+19./50), path.Rate, 1e-12)
	_, _, _, _, _, ok := path.Ellipse(0, 2)
	require.False(t, ok, "at the start there is no variance")
	x, y, major, minor, _, ok := path.Ellipse(20, 2)
	require.True(t, ok)
	require.Regexp(t, `^after 20 steps the rate is 0.145 and the ellipse .* long$`, path.String())
	require.Equal(t, "The rate ends at 0.14", path.Title())
	require.Contains(t, drawn(t, path.Draw(s.Near("p = 1", 0.5), 40)), "theory, 2 standard deviations")
	require.NotContains(t, drawn(t, path.Draw(s.Near("p = 1", 2), 0)), "theory, 2 standard deviations")
	require.Equal(t, "diverged at step 3", (&lecture.DecayPath{Diverged: 3}).String())
	require.GreaterOrEqual(t, major, minor)
	require.Less(t, math.Hypot(x-s.Descent.Optimum[0], y-s.Descent.Optimum[1]), math.Hypot(1-s.Descent.Optimum[0], -1-s.Descent.Optimum[1]))
}

func TestAveragesAreThoseOfTheory(t *testing.T) {
	all, err := lecture.MeasureAveraging(t.Context(), patients(t, 0), lecture.AveragingSettings{Batch: 4, Rates: []float64{0.2}, Tau: 50, Power: 0.5, Steps: 1200, Seeds: 20})
	require.NoError(t, err)
	a, end := all[0], len(all[0].Step)-1
	require.Len(t, a.PredictedAverage, end+1)
	require.Greater(t, a.Step[0], 120, "averaged from a tenth of the steps on")
	require.InEpsilon(t, a.PredictedLast[end], a.Last[end].Value, 0.6)
	require.InEpsilon(t, a.PredictedAverage[end], a.Average[end].Value, 0.6)
	require.Less(t, a.PredictedAverage[end], a.PredictedLast[end])
}

// Just below 2/λ gradient descent alternates, and its displacement is that of an oscillation, not of a walk.
func TestMotionOfGradientDescent(t *testing.T) {
	s := patients(t, 0)
	m, err := lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Rate: 1.9 / s.Descent.Lambda[1], Steps: 60, Lags: 4})
	require.NoError(t, err)
	for i := 1; i < len(m.Position); i++ {
		require.InDelta(t, -0.9*m.Position[i-1], m.Position[i], 1e-9)
	}
	require.Less(t, m.Steps[1].Value, -0.8)
	m, err = lecture.MeasureMotion(t.Context(), s, lecture.MotionSettings{Batch: 1, Rate: 1.9 / s.Descent.Lambda[1], Steps: 60, Lags: 4})
	require.NoError(t, err)
	require.True(t, m.Unbounded)
}

func TestInterpolationDecidesTheFloor(t *testing.T) {
	settings := lecture.InterpolationSettings{Examples: 20, Features: 100, Batch: 4, Rate: 0.8, Steps: 600, Seeds: 3}
	can, err := lecture.Interpolate(t.Context(), settings)
	require.NoError(t, err)
	require.Zero(t, can.Floor)
	require.Less(t, can.Rate, 1.0)
	require.LessOrEqual(t, can.Rate, can.Bound+1e-3)
	settings.Features = 4
	cannot, err := lecture.Interpolate(t.Context(), settings)
	require.NoError(t, err)
	require.Contains(t, can.String(), "It falls by a factor")
	require.Contains(t, cannot.String(), "theory's noise floor")
	fig := figure.New("t", figure.X("step t"), figure.LogY("loss"))
	can.Draw(fig, "can")
	require.NotContains(t, drawn(t, fig), "theory: noise floor")
	cannot.Draw(fig, "cannot")
	require.Contains(t, drawn(t, fig), "theory: noise floor")
	late := 0.0
	for _, m := range cannot.Curve.Mean[21:] {
		late += m.Value / float64(len(cannot.Curve.Mean)-21)
	}
	require.InEpsilon(t, cannot.Floor, late, 0.4) // 3 × 20 values of a spread of about their mean
	require.Greater(t, cannot.Least, cannot.Floor)
	settings.Rate = 50
	_, err = lecture.Interpolate(t.Context(), settings)
	require.ErrorContains(t, err, "choose a smaller one")
}

// A wide net fits the examples and its gradients vanish; a narrow one's stay.
func TestInterpolationByNets(t *testing.T) {
	settings := lecture.InterpolationSettings{Examples: 8, Features: 3, Widths: []int{16, 16}, Batch: 2, Rate: 0.05, Steps: 1500, Seeds: 2}
	wide, err := lecture.InterpolateNet(t.Context(), settings)
	require.NoError(t, err)
	require.True(t, math.IsNaN(wide.Floor))
	require.Less(t, wide.Noise, 1e-3*wide.NoiseBefore)
	require.Contains(t, wide.String(), "at the end")
	settings.Batch = 0
	gd, err := lecture.InterpolateNet(t.Context(), settings)
	require.NoError(t, err)
	for k := 1; k < len(gd.Median); k++ {
		require.LessOrEqual(t, gd.Median[k].Value, gd.Median[k-1].Value*1.001, "gradient descent does not dance")
	}
	settings.Rate = 1e6
	_, err = lecture.InterpolateNet(t.Context(), settings)
	require.ErrorContains(t, err, "choose a smaller rate")
}

// With all examples in every step an epoch is one step, and SGD is gradient descent, whose loss has a closed form.
func TestOrdersWithAllExamples(t *testing.T) {
	s, err := lecture.SortedStudy("bmi", "s5")
	require.NoError(t, err)
	require.True(t, slices.IsSorted(s.Targets))
	settings := lecture.OrderSettings{Samplers: []sample.Sampler{sample.Full()}, Rate: 0.1, Epochs: 4, Seeds: 2}
	orders, err := lecture.CompareOrders(t.Context(), s, settings)
	require.NoError(t, err)
	excess := func(step int) float64 { return s.Descent.Loss(0.1, s.Start, step) - s.Descent.Floor }
	require.InEpsilon(t, (excess(2)+excess(3))/2, orders[0].Excess[0].Value, 1e-9)
	require.InEpsilon(t, (excess(3)+excess(4))/2, orders[0].End.Value, 1e-9)
	require.Equal(t, orders[0].End, orders[0].Mean)
	require.Equal(t, []int{1, 1}, []int{orders[0].Least, orders[0].Most})
	rated, err := lecture.OrdersAtRates(t.Context(), s, settings, []float64{0.1, 0.5, 1.3})
	require.NoError(t, err)
	require.InEpsilon(t, excess(4), rated[0].Excess[0].Value, 1e-9)
	require.Equal(t, 1, rated[0].Best)
	_, words := lecture.DrawRatedOrders(rated)
	require.Contains(t, words, "all examples: best at η = 0.5")
	settings.Rate = 5
	settings.Epochs = 4000
	_, err = lecture.CompareOrders(t.Context(), s, settings)
	require.ErrorContains(t, err, "diverged")
}

// What theory says within an epoch is what it says at its ends, and of a long epoch what it says of independent draws.
func TestOrdersAreTold(t *testing.T) {
	s := patients(t, 24)
	samplers, err := lecture.Orders(4)
	require.NoError(t, err)
	orders, err := lecture.CompareOrders(t.Context(), s, lecture.OrderSettings{Samplers: samplers, Rate: 0.02, Epochs: 30, Seeds: 30})
	require.NoError(t, err)
	require.Nil(t, orders[0].Predicted, "of the order given there is no theory")
	for _, o := range orders[1:] {
		require.Len(t, o.Predicted, 7)
		require.InDelta(t, o.Predicted[0], o.Predicted[6], 1e-15)
	}
	require.Greater(t, orders[3].Predicted[3], orders[3].Predicted[0])
	require.Contains(t, drawn(t, lecture.DrawOrders(orders)), "theory, small η")
	header, rows := lecture.OrderTable(orders)
	require.Len(t, header, len(rows[3]))
	require.Equal(t, []string{"reshuffled every epoch", "1 to 1"}, rows[3][:2])
}

// With two batches an epoch most of the noise cancels; the ratio is that of theory.
func TestReplacementAtSmallRates(t *testing.T) {
	r, err := lecture.CompareReplacement(t.Context(), lecture.ReplacementSettings{Batch: 8, Rate: 0.02, Sizes: []int{16, 64}, Steps: 2000, Seeds: 4})
	require.NoError(t, err)
	for i := range r.Examples {
		require.InEpsilon(t, r.Predicted[i], r.Ratio[i].Value, 0.5)
	}
	require.Less(t, r.Predicted[0], r.Predicted[1])
	require.Contains(t, r.At(0), "n = 16: ratio 0.0")
	require.Contains(t, drawn(t, r.Draw()), "SGD's memory")
	_, err = lecture.CompareReplacement(t.Context(), lecture.ReplacementSettings{Batch: 8, Rate: 50, Sizes: []int{24}, Steps: 1000, Seeds: 1})
	require.ErrorContains(t, err, "diverged")
}

// With one example the product of matrices is a power, and its growth ln|1 − η‖x‖²|.
func TestLyapunovOfOneExample(t *testing.T) {
	s, err := lecture.NewStudy(mat.NewDense(2, 1, []float64{2, 2}), []float64{1, 1})
	require.NoError(t, err)
	for _, eta := range []float64{0.1, 0.4, 0.7} {
		growth, err := lecture.Lyapunov(s, 3, eta, 400, 1)
		require.NoError(t, err)
		require.InDelta(t, math.Log(math.Abs(1-4*eta)), growth.Value, 1e-12)
	}
	limits, err := lecture.FindLimits(s, 1, 400)
	require.NoError(t, err)
	for _, limit := range []float64{limits.GD, limits.MeanSquare, limits.AlmostSure.Value} {
		require.InEpsilon(t, 0.5, limit, 1e-3, "without noise all limits are one")
	}
}

func TestSpikesAreFollowed(t *testing.T) {
	s := patients(t, 0)
	limits := &lecture.Limits{GD: 1.38, MeanSquare: 0.49, AlmostSure: stat.Interval{Value: 0.91}}
	all, err := lecture.FollowSpikes(t.Context(), s, lecture.Grid{Batch: 1, Rates: []float64{0.1, 0.7, 1.2, 2}, Steps: 200, Seeds: 9})
	require.NoError(t, err)
	for i, where := range []string{"below the mean-square limit", "between the mean-square and the almost-sure limit", "gradient descent converges, SGD goes away", "not even the mean"} {
		require.Len(t, all[i].Run, 201)
		require.Len(t, all[i].MeanSquare, 201)
		fig, words := all[i].Draw(limits)
		require.Contains(t, words, where)
		drawn(t, fig)
	}
	require.InEpsilon(t, floats.Distance(s.Start, s.Descent.Optimum, 2), all[0].MeanSquare[0], 1e-12)
	require.Less(t, all[0].Median[200], 1.0)
	require.Greater(t, all[2].Median[200], 1e3)
}

// The steps of the loss are those of theory, and the time is theirs.
func TestTimeToLossIsTold(t *testing.T) {
	r, err := lecture.MeasureTimeToLoss(t.Context(), patients(t, 0), lecture.TimeToLossSettings{Batches: []int{4, 64, 1024}, Target: 0.05, Seeds: 20})
	require.NoError(t, err)
	for i := range r.Batch {
		require.InEpsilon(t, r.Predicted[i], r.Steps[i], 0.3)
	}
	require.InEpsilon(t, 2*r.Fewest, r.Fewest*(1+r.Critical()/r.Critical()), 1e-12)
	require.Contains(t, r.String(), "The critical batch size is")
	require.Contains(t, drawn(t, r.Draw()), "rule of thumb")
	fig, words := r.DrawTime(&lecture.StepTimes{Examples: r.Batch, Seconds: []float64{1e-6, 1e-6, 1}})
	require.Contains(t, words, "fastest with b = 64 (within a quarter)")
	drawn(t, fig)
	_, err = lecture.MeasureTimeToLoss(t.Context(), patients(t, 0), lecture.TimeToLossSettings{Batches: []int{4}, Target: 0, Seeds: 2})
	require.ErrorContains(t, err, "must be positive")
}

// The walk of a batch of all is gradient descent's.
func TestWalkBesideGradientDescent(t *testing.T) {
	s := patients(t, 0)
	require.InDeltaSlice(t, s.Gradient([]float64{1, -2}), s.BatchGradient([]float64{1, -2}, sample.Full().Indices(0, 0, 442)), 1e-12)
	path := [][]float64{{0, 0}, s.Descent.Iterate(0.1, []float64{0, 0}, 1)}
	fig := drawn(t, s.DrawWalk(path, 0.1))
	require.Contains(t, fig, "SGD (path)")
	require.Contains(t, s.CompareWalk(path, 0.1, 4), "SGD 4, gradient descent 442.")
}

// Without noise and drift SGD arrives; a faster stream is followed from farther behind.
func TestTracking(t *testing.T) {
	eta, err := schedule.Constant(0.1)
	require.NoError(t, err)
	var behind []float64
	for _, velocity := range []float64{0, 0.001, 0.01} {
		streams, err := lecture.NewStreams(lecture.StreamSettings{Streams: 2, Examples: 1000, Velocity: velocity})
		require.NoError(t, err)
		trackers, err := lecture.Track(t.Context(), streams, []lecture.NamedSchedule{{Name: "constant", Schedule: eta}})
		require.NoError(t, err)
		behind = append(behind, trackers[0].LongRun.Value)
		require.Len(t, trackers[0].Distance, 100)
	}
	require.Less(t, behind[0], 1e-3)
	require.Less(t, behind[0], behind[1])
	require.InEpsilon(t, 100*behind[1], behind[2], 0.5, "the lag is ∝ the velocity, its square to the square")
	_, err = lecture.Track(t.Context(), nil, nil)
	require.ErrorContains(t, err, "there are no streams")
}

// A floor of η² has the exponent 2, and two rates are too few for a law.
func TestDanceLaw(t *testing.T) {
	d := &lecture.Dance{Rate: []float64{1, 2, 4}, Excess: []stat.Interval{{Value: 1}, {Value: 4}, {Value: 16}}, Predicted: []float64{1, 2, 4}}
	words, err := d.Law(3)
	require.NoError(t, err)
	require.Contains(t, words, "η^2.00 for the 3")
	require.Contains(t, words, "theory: η^1.00")
	for _, k := range []int{2, 4} {
		_, err = d.Law(k)
		require.ErrorContains(t, err, "between 3 and")
	}
}
