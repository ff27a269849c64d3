package train_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// A run with settings of any kind returns: with an error, or with records that are finite, in order, and end where the run
// does. Each byte chooses a setting; the first of each list is a good one.
func FuzzConfig(f *testing.F) {
	backend := wasm.New()
	p := &net{dtype: dtypes.Float32, hidden: 3, n: 6}
	trainer, err := train.New(backend, p, must(optim.HeavyBall(0.5)), train.Record{Params: true, GradNorm: true, StepNorm: true, Rate: true, FullLoss: true})
	require.NoError(f, err)
	f.Cleanup(trainer.Close)
	before, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 4})
	require.NoError(f, err)
	diverged, err := trainer.Run(context.Background(), train.Config{LearningRate: 1e30, Steps: 40})
	require.NoError(f, err)

	nan, inf := math.NaN(), math.Inf(1)
	floats := []float64{0.1, 0, -1, nan, inf, -inf, 1e300, 1e-300, 5e-324, 1e-40, math.MaxFloat64, 3e38}
	ints := []int{5, 1, 0, -1, 2, 7, math.MaxInt, math.MinInt, 1 << 53, 1<<53 + 1, 1 << 40, math.MaxInt32}
	samplers := []sample.Sampler{{}, must(sample.WithReplacement(2)), must(sample.WithReplacement(math.MaxInt32)), must(sample.WithoutReplacement(7)),
		must(sample.Stream(2)), must(sample.Given([][]int{{0, 1}, {5, 5}})), must(sample.Given([][]int{{6}})), must(sample.Reshuffled(4))}
	schedules := []schedule.Schedule{{}, must(schedule.Constant(0.1)), must(schedule.Constant(5e-324)), must(schedule.Constant(math.MaxFloat64)),
		must(schedule.WarmRestarts(0.1, 0, 1, math.MaxInt)), must(schedule.Exponential(0.1, 1e-300, 1)), must(schedule.OneCycle(0.1, 1, 0, 1, math.MaxInt, 1)),
		must(schedule.Func(func(t int) float64 { return 1 / float64(t+1) })), must(schedule.Func(func(t int) float64 { return 1 / float64(3-t) })),
		must(schedule.Func(func(t int) float64 { return float64(1 / (t - 3)) })),
		must(schedule.Sequence([]schedule.Schedule{must(schedule.Constant(0.1)), must(schedule.Func(func(t int) float64 { return 0.1 }))}, []int{math.MaxInt}))}
	plateaus := []schedule.Plateau{{}, must(schedule.ReduceOnPlateau(1e-300, 1, 0, math.MaxInt, 0))}
	gone := tensors.FromValue([]float64{1, 2, 3})
	gone.MustFinalizeAll()
	values := []any{[]float64{1, 2, 3}, nil, "1", (*tensors.Tensor)(nil), gone, new(tensors.Tensor), []float64{nan, 1, 2}, []float64{1e300, 1, 2}, [][]float64{{1}, {1, 2}},
		[]float64{}, []complex128{1, 2, 3}, []int8{1, 2, 3}, []uint64{1, 2, 3}, []any{1, 2, 3}, map[string]int{}, func() {}, 1}
	starts := []map[string]any{nil}
	for _, v := range values {
		starts = append(starts, map[string]any{"hidden/dense/biases": v})
	}
	starts = append(starts, map[string]any{"": 1, "no": 2})
	hypers := []map[string]float64{nil, {"momentum": 0.9}, {"momentum": nan}, {"momentum": 1e300}, {"": 1}, {"learning_rate": 1}}
	froms := []*train.History{nil, before, diverged, {}}
	progress := []func(int){nil, func(int) {}, func(int) { panic("no screen") }}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()

	lists := []int{len(floats), len(ints), len(ints), len(samplers), len(schedules), len(plateaus), len(starts), len(hypers), len(froms), len(floats), len(progress), 3}
	f.Add([]byte{})
	for i, n := range lists {
		for k := 1; k < n; k++ {
			f.Add(append(make([]byte, i), byte(k)))
			f.Add(append([]byte{0, 4, 5, 1}, append(make([]byte, max(i-4, 0)), byte(k))...))
		}
	}
	f.Fuzz(func(t *testing.T, choice []byte) {
		at := func(i int) int {
			if i < len(choice) {
				return int(choice[i]) % lists[i]
			}
			return 0
		}
		c := train.Config{LearningRate: floats[at(0)], Steps: ints[at(1)], Stride: ints[at(2)], Sampler: samplers[at(3)], Schedule: schedules[at(4)], Plateau: plateaus[at(5)],
			Start: starts[at(6)], Hyper: hypers[at(7)], From: froms[at(8)], Progress: progress[at(10)]}
		if c.Schedule.Structure() != "" {
			c.LearningRate = 0
		}
		if at(9) > 0 {
			c.MaxLoss = floats[at(9)]
		}
		ctx, end := context.WithTimeout(context.Background(), 100*time.Millisecond) // of 2^40 steps nobody sees the end
		defer end()
		switch at(11) {
		case 1:
			ctx = cancelled
		case 2:
			ctx = nil
		}
		h, err := trainer.Run(ctx, c)
		if h == nil {
			require.Error(t, err)
			return
		}
		first := 0
		if c.From != nil {
			first = 4
		}
		if _, diverged := h.Diverged(); err == nil && !diverged {
			require.Equal(t, first, h.Step[0])
			require.Equal(t, first+c.Steps, h.Step[len(h.Step)-1])
		}
		require.True(t, slices.IsSorted(h.Step))
		require.Equal(t, len(h.Step), len(slices.Compact(slices.Clone(h.Step))))
		for _, records := range [][]float64{h.Loss, h.FullLoss, h.Rate} {
			require.Len(t, records, len(h.Step))
		}
		for i, loss := range h.Loss {
			require.False(t, math.IsNaN(loss) || math.IsInf(loss, 0))
			for _, x := range h.Params[i] {
				require.False(t, math.IsNaN(x) || math.IsInf(x, 0))
			}
		}
	})
}
