package lecture_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
)

// A number of seeds, steps or units that cannot be is an error that names it, before anything is made of that size.
func TestCountsThatCannotBe(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	ctx, target := context.Background(), problem.Lecturer()
	study, err := lecture.TwoMeasurements(20, "bmi", "bp")
	require.NoError(t, err)
	first := func(_ any, err error) error { return err }
	for _, n := range []int{0, -1, math.MinInt, 1 << 40, math.MaxInt} {
		for name, err := range map[string]error{
			"seeds is ":  first(lecture.MeasureDance(ctx, backend, study, 2, []float64{0.1}, 10, 1, n)),
			"steps is ":  first(lecture.CompareSchedules(ctx, backend, study, 2, []float64{0.1}, n, 1)),
			"draws is ":  first(lecture.MeasureBatchNoise(study, []float64{0, 0}, 0, []int{2}, n, 1)),
			"width is ":  first(lecture.Grow(ctx, backend, target, n, 0.1, 10, 2, 1)),
			"depth is ":  first(lecture.LearnDigits(ctx, backend, problem.Activations(), []int{n}, 2, 1, 0.1, 2, 1)),
			"points is ": first(lecture.CountDegrees([]int{1, 2, 1}, n, 1)),
			"starts is ": first(lecture.Shatter(ctx, backend, 2, 2, 3, n, 1)),
		} {
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "it must be between 1 and ")
		}
		require.Panics(t, func() { lecture.Seeds(n) })
		require.Panics(t, func() { lecture.Stairs(target, n) })
		require.Panics(t, func() { lecture.BestSum(target, n) })
		require.PanicsWithError(t, "depth is "+fmt.Sprint(n)+": it must be between 1 and 20", func() { lecture.Teeth(n) })
	}
}

func TestStepsAreTimedOnAllExamplesOrOnBatches(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	for _, n := range []int{0, 20} { // 0 for all
		times, err := lecture.TimeSteps(t.Context(), backend, 3, n, []int{5, 10})
		require.NoError(t, err)
		require.Equal(t, []int{5, 10}, times.Examples)
	}
	_, err = lecture.TimeSteps(t.Context(), backend, 3, -1, []int{5})
	require.ErrorContains(t, err, "n is -1")
}

func TestValuesThatCannotBe(t *testing.T) {
	flat := func(theta []float64) (float64, []float64, error) { return 0, nil, errors.New("not to be asked") }
	for _, radii := range [][]float64{nil, {0}, {1, math.NaN()}, {2, 1}, {math.Inf(1)}} {
		_, err := lecture.LinearModel(flat, []float64{1}, radii)
		require.ErrorContains(t, err, "they must be positive, finite and ascending")
	}
	_, err := lecture.Sharpness(nil, []float64{1})
	require.ErrorContains(t, err, "the landscape is nil")
	for _, p := range []float64{-0.5, 1.5, math.NaN()} {
		require.Panics(t, func() { lecture.Quantile([]float64{1}, p) })
	}
	require.Panics(t, func() { lecture.Quantile(nil, 0.5) })
}
