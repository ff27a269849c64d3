package lecture_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// A number of seeds, steps or units that cannot be is an error that names it, before anything is made of that size.
func TestCountsThatCannotBe(t *testing.T) {
	ctx, target := context.Background(), problem.Lecturer()
	study, err := lecture.TwoMeasurements(20, "bmi", "bp")
	require.NoError(t, err)
	first := func(_ any, err error) error { return err }
	for _, n := range []int{0, -1, math.MinInt, 1 << 40, math.MaxInt} {
		for name, err := range map[string]error{
			"Seeds is ":  first(lecture.MeasureDance(ctx, study, lecture.Grid{Batch: 2, Rates: []float64{0.1}, Steps: 10, Seeds: n})),
			"Steps is ":  first(lecture.CompareSchedules(ctx, study, lecture.Grid{Batch: 2, Rates: []float64{0.1}, Steps: n, Seeds: 1})),
			"Draws is ":  first(lecture.MeasureBatchNoise(study, lecture.BatchNoiseSettings{Theta: []float64{0, 0}, Batches: []int{2}, Draws: n, Seed: 1})),
			"Width is ":  first(lecture.FollowKnots(ctx, lecture.Training{Target: target, Rate: 0.1, Steps: 10, Seeds: 1}, n)),
			"Depth is ":  first(lecture.LearnDigits(ctx, lecture.DigitSettings{Depths: []int{n}, Width: 2, Steps: 2, Seeds: 1}, lecture.DigitNets{Scale: 1, Rates: []float64{0.1}})),
			"points is ": first(lecture.CountDegrees([]int{1, 2, 1}, n, 1)),
			"Starts is ": first(lecture.Shatter(ctx, lecture.ShatterSettings{Inputs: 2, Width: 2, Points: 3, Starts: n, Seed: 1})),
		} {
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "it must be between 1 and ")
		}
		require.Panics(t, func() { lecture.Stairs(target, n) })
		require.Panics(t, func() { lecture.BestSum(target, n) })
		require.Panics(t, func() { lecture.Doublings(n, 4) })
		require.Panics(t, func() { lecture.Doublings(1, n) })
		require.Panics(t, func() { lecture.DrawCover(n) })
		says.Panic(t, fmt.Sprintf("depth … %d … 1 … 20", n), func() { lecture.Sawtooth(n) })
		require.Panics(t, func() { lecture.DrawTeeth(n) })
	}
	require.Panics(t, func() { lecture.DrawTeeth(20) }) // a million teeth
}

func TestStepsAreTimedOnAllExamplesOrOnBatches(t *testing.T) {
	for _, n := range []int{0, 20} { // 0 for all
		times, err := lecture.TimeSteps(t.Context(), lecture.StepTimeSettings{Features: 3, Of: n, Sizes: []int{5, 10}})
		require.NoError(t, err)
		require.Equal(t, []int{5, 10}, times.Examples)
	}
	_, err := lecture.TimeSteps(t.Context(), lecture.StepTimeSettings{Features: 3, Of: -1, Sizes: []int{5}})
	require.ErrorContains(t, err, "Of is -1")
}

func TestValuesThatCannotBe(t *testing.T) {
	flat := func(theta []float64) (float64, []float64, error) { return 0, nil, errors.New("not to be asked") }
	for _, radii := range [][]float64{nil, {0}, {1, math.NaN()}, {2, 1}, {math.Inf(1)}} {
		_, err := lecture.LinearModel(flat, []float64{1}, radii)
		require.ErrorContains(t, err, "they must be positive, finite and ascending")
	}
	_, _, err := lecture.Sharpness(nil, []float64{1})
	require.ErrorContains(t, err, "the landscape is nil")
	for _, p := range []float64{-0.5, 1.5, math.NaN()} {
		require.Panics(t, func() { lecture.Quantile([]float64{1}, p) })
	}
	require.Panics(t, func() { lecture.Quantile(nil, 0.5) })
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1.2e308} {
		_, err := lecture.WriteDown(problem.Lecturer(), []int{2, 4}, v)
		require.ErrorContains(t, err, fmt.Sprint("steepness is ", v))
		between := problem.Target{F: func(x float64) float64 { return map[bool]float64{true: x, false: 2 * x * v}[x == 0 || x == 1] }, Hi: 1}
		_, err = lecture.Construct(between, []int{1}, 0)
		require.Error(t, err)
		_, err = lecture.WriteDown(between, []int{1}, 20)
		require.Error(t, err)
		require.Panics(t, func() { lecture.BestSum(problem.Target{F: func(x float64) float64 { return v * x }, Hi: 1}, 4) })
	}
	for _, curvature := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		_, err := lecture.Construct(problem.Lecturer(), []int{2}, curvature)
		require.ErrorContains(t, err, fmt.Sprint("curvature is ", curvature))
	}
}

// What is missing is said in a sentence, and never found by Go's run time.
func TestWhatIsMissing(t *testing.T) {
	ctx := context.Background()
	_, err := lecture.Tail([]float64{1, 2, 3, 4, 5, 6}, []float64{1, 2})
	require.ErrorContains(t, err, "there are 6 ds and 2 errors")
	loss := func(h *train.History, k int) float64 { return h.Loss[k] }
	of := func(steps ...int) *train.History {
		return &train.History{Step: steps, Loss: make([]float64, len(steps))}
	}
	_, err = lecture.MeanCurve("a", []*train.History{of(0, 1), of(0)}, loss)
	require.ErrorContains(t, err, "history 1 has other steps")
	_, err = lecture.MeanCurve("a", []*train.History{of(0, 1), nil}, loss)
	require.ErrorContains(t, err, "history 1 is nil")
	_, err = lecture.MeanCurve("a", []*train.History{of(0)}, nil)
	require.ErrorContains(t, err, "of is nil")
	_, err = lecture.MeasureCosts(ctx, nil, new(theory.Descent), lecture.CostSettings{Limit: 10})
	require.ErrorContains(t, err, "the trainer is nil")
	_, err = lecture.MeasureCosts(ctx, nil, nil, lecture.CostSettings{Rates: []float64{0.1}, Epsilon: 0.1, Limit: 10})
	require.ErrorContains(t, err, "the descent is nil")
	for _, sizes := range [][]int{nil, {1}, {1, 0, 1}} {
		_, err = lecture.CountDegrees(sizes, 10, 1)
		require.ErrorContains(t, err, "sizes")
	}
	_, err = lecture.CompareActivations(ctx, lecture.RateSettings{Target: problem.Target{}, Width: 2, Rates: []float64{0.1}, Steps: 10, Seeds: 1})
	require.ErrorContains(t, err, "the target has no function")
	says.Panic(t, "net … nil … error", func() { lecture.Circuit("a", nil) })
	says.Panic(t, "net … no layer", func() { lecture.CircuitAt("a", &relu.Net{}, 1) })
	says.Panic(t, "no elbows … at least one", func() { lecture.SumCircuit("a", nil) })
	says.Panic(t, "MaxDifference … functions … nil", func() { lecture.MaxDifference(nil, math.Sin, 0, 1) })
}

// An axis has finite ends whatever is on it.
func TestSpanOfAllNumbers(t *testing.T) {
	require.Equal(t, [2]float64{-math.MaxFloat64, math.MaxFloat64}, lecture.Span([]float64{-1.7e308, 1.7e308}))
	require.Equal(t, [2]float64{-1, 11}, lecture.Span([]float64{0, 10, math.Inf(1)}))
}
