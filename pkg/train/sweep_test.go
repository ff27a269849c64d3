package train_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// A sweep's histories are those of single runs, whatever the number of workers.
func TestSweepIsSingleRuns(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		var jobs []train.Job
		for _, hidden := range []int{3, 8} {
			trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: hidden, n: 20}, must(optim.HeavyBall(0.9)), everything)
			base := train.Config{Steps: 60, Stride: 7, Sampler: must(sample.Reshuffled(6))}
			jobs = append(jobs, trainer.Grid(base, []float64{0.01, 0.05}, []int{1, 2, 3})...)
		}
		require.Len(t, jobs, 12)
		for _, workers := range []int{0, 1, 5} {
			calls := 0
			last := 0
			histories, err := train.Sweep(context.Background(), jobs, workers, func(done int) {
				calls++
				require.Greater(t, done, last)
				last = done
			})
			require.NoError(t, err)
			require.Equal(t, 12, last)
			require.LessOrEqual(t, calls, 12)
			for i, job := range jobs {
				want := run(t, job.Trainer, job.Config)
				if train.OnGPU(backend) { // where runs are batched: equal up to rounding
					require.InDeltaSlice(t, want.Loss, histories[i].Loss, 1e-5, "job %d, %d workers", i, workers)
					continue
				}
				require.Equal(t, want, histories[i], "job %d, %d workers", i, workers)
			}
		}
		if !train.OnGPU(backend) {
			require.Equal(t, 1, train.Programs(jobs[0].Trainer))
		}
	})
}

// Runs in one program are single runs, for every optimizer, and every sampler and schedule with one of them.
func TestRunsTogetherAreSingleRuns(t *testing.T) {
	samplers := []sample.Sampler{must(sample.WithReplacement(5)), must(sample.WithoutReplacement(5)), must(sample.Reshuffled(5)), sample.Full(),
		must(sample.ShuffledOnce(5)), must(sample.InOrder(5)), must(sample.Given([][]int{{0, 3}, {1, 1}, {12, 7}}))}
	schedules := []func(eta float64) (schedule.Schedule, error){
		func(eta float64) (schedule.Schedule, error) { return schedule.OneOverT(2 * eta) },
		func(eta float64) (schedule.Schedule, error) { return schedule.WarmRestarts(eta, 0.001, 10, 2) },
		schedule.Constant,
		func(eta float64) (schedule.Schedule, error) {
			return schedule.Func(func(t int) float64 { return eta / (1 + math.Sin(float64(t))/2) })
		},
		func(eta float64) (schedule.Schedule, error) {
			return schedule.Piecewise([]float64{eta, eta / 2, eta * 2}, []int{1 + int(1000*eta)/4, 30})
		},
		func(eta float64) (schedule.Schedule, error) {
			lines := must(schedule.PiecewiseLinear([]float64{0, 1, 0.1}, []int{2, int(1000 * eta), 150}))
			table := must(schedule.Func(func(t int) float64 { return 1 / float64(1+t) }))
			return schedule.Sequence([]schedule.Schedule{must(schedule.Product(must(schedule.Constant(eta)), lines)), must(schedule.Clamp(table, eta/2, eta))},
				[]int{int(50 * eta)}) // all spans within one power of two
		},
	}
	record := train.Record{Params: true, GradNorm: true, StepNorm: true, Rate: true, FullLoss: true}
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for i, name := range optim.Names() {
			trainer := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 4, n: 13}, must(optim.ByName(name)), record)
			var jobs []train.Job
			for k := range 5 {
				c := train.Config{Sampler: samplers[i%len(samplers)], Steps: 40, Stride: 3, Seed: k}
				c.Schedule = must(schedules[i%len(schedules)](0.02 * float64(1+k)))
				if i%4 == 0 {
					c.Plateau = must(schedule.ReduceOnPlateau(0.5, 2, 0.01, 1, 0.01))
				}
				jobs = append(jobs, train.Job{Trainer: trainer, Config: c})
			}
			requireAlike(t, jobs, 3, fmt.Sprintf("%s, %s, schedule %d", name, samplers[i%len(samplers)], i%len(schedules)))
			require.Equal(t, 3, train.Programs(trainer)) // single runs, and batches of up to 4 and 2
		}
	})
}

// requireAlike does the jobs one by one and together.
func requireAlike(t *testing.T, jobs []train.Job, atOnce int, what string) {
	t.Helper()
	histories, err := train.SweepTogether(context.Background(), jobs, atOnce)
	require.NoError(t, err, what)
	for i, job := range jobs {
		want, got := run(t, job.Trainer, job.Config), histories[i]
		at, diverged := want.Diverged()
		gotAt, gotDiverged := got.Diverged()
		require.Equal(t, diverged, gotDiverged, what)
		require.Equal(t, at, gotAt, what)
		require.Equal(t, want.Step, got.Step, what)
		require.InDeltaSlice(t, want.Loss, got.Loss, 1e-8, what)
		require.InDeltaSlice(t, want.FullLoss, got.FullLoss, 1e-8, what)
		require.InDeltaSlice(t, want.Rate, got.Rate, 1e-8, what)
		require.InDeltaSlice(t, want.GradNorm, got.GradNorm, 1e-6, what)
		require.InDeltaSlice(t, want.StepNorm, got.StepNorm, 1e-6, what)
		require.Equal(t, len(want.Params), len(got.Params), what)
		for k := range want.Params {
			require.InDeltaSlice(t, want.Params[k], got.Params[k], 1e-6, what)
		}
		if !diverged {
			require.InDeltaSlice(t, want.Final, got.Final, 1e-6, what)
		}
	}
}

// Runs that diverge, each at its own step, leave the others alone, in one call of the program and in many.
func TestRunsTogetherDiverge(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		for _, calls := range []bool{false, true} {
			bowl := must(problem.NewQuadratic([]float64{1, 10}, nil, nil))
			bowl.DType = dtypes.Float64
			trainer := newTrainer(t, backend, bowl, optim.GD(), everything)
			if calls {
				train.OneStepACall(trainer)
			}
			jobs := trainer.Grid(train.Config{Steps: 70, Stride: 7, MaxLoss: 1e4, Start: map[string]any{"theta": []float64{1, 1}}},
				[]float64{0.01, 0.25, 0.19, 0.5, 0.21, 0.1}, []int{0})
			jobs[4].Config.MaxLoss = 1e2
			requireAlike(t, jobs, 6, fmt.Sprint(calls))
			for i := range jobs {
				jobs[i].Config.Steps, jobs[i].Config.Stride = 10, 4
			}
			first, err := train.SweepTogether(context.Background(), jobs, 6)
			require.NoError(t, err)
			var on []train.Job
			for i, h := range first {
				if _, diverged := h.Diverged(); !diverged {
					c := jobs[i].Config
					c.Start, c.From = nil, h
					on = append(on, train.Job{Trainer: trainer, Config: c})
				}
			}
			require.Len(t, on, 4)
			requireAlike(t, on, 6, "continued")
		}
	})
}

// What cannot be batched runs one by one.
func TestSweepOfWhatCannotBeBatched(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, dropped{&net{dtype: dtypes.Float32, hidden: 8, n: 20}}, optim.GD(), train.Record{})
		jobs := trainer.Grid(train.Config{Steps: 20}, []float64{0.1, 0.2}, []int{1, 2})
		histories, err := train.SweepTogether(context.Background(), jobs, 4)
		require.NoError(t, err)
		for i, job := range jobs {
			want := run(t, trainer, job.Config)
			require.Equal(t, want.Loss, histories[i].Loss)
			require.Equal(t, want.Final, histories[i].Final)
		}
		require.NotEqual(t, histories[0].Loss, histories[1].Loss)
	})
}

// named is a backend on a plugin of that name.
type named struct {
	compute.Backend
	plugin string
}

func (b named) PluginName() string { return b.plugin }

// Runs are batched where go-xla takes the plugin for CUDA's.
func TestGPUIsKnownByItsPlugin(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		if strings.HasPrefix(accel.Platform(), "xla:cpu") || backend.Name() == wasm.Name {
			require.False(t, train.OnGPU(backend))
		}
		require.True(t, train.OnGPU(named{backend, "/opt/jax_plugins/xla_cuda13/xla_cuda_plugin.so"}))
		require.False(t, train.OnGPU(named{backend, "/home/someone/pjrt_c_api_cpu_plugin.so"}))
	})
}

// dropped is a net whose inputs are dropped at random.
type dropped struct{ *net }

func (p dropped) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	return halfMeanSquare(p.predict(scope, layers.Dropout(scope, batch[0], graph.Const(g, 0.3))), batch[1])
}

func TestSweepErrors(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, optim.GD(), train.Record{})
		sweep := func(workers int, jobs ...train.Job) error {
			_, err := train.Sweep(context.Background(), jobs, workers, nil)
			return err
		}
		good := train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.1, Steps: 5}}
		says.All(t, sweep(0), "jobs … empty")
		require.ErrorContains(t, sweep(-1, good), "workers is -1: it must be at least 1")
		says.All(t, sweep(0, good, train.Job{}), "job 1 … Trainer")
		says.All(t, sweep(0, good, train.Job{Trainer: trainer, Config: train.Config{LearningRate: -1, Steps: 1}}), "job 1 … LearningRate … -1 … greater than 0")
		bad := good
		bad.Config.Start = map[string]any{"w": 1}
		require.ErrorContains(t, sweep(0, good, bad), `job 1: Start: there is no parameter "w"`)
		_, err := train.SweepTogether(t.Context(), []train.Job{good, bad, good}, 3)
		require.ErrorContains(t, err, `job 1: Start: there is no parameter "w"`)
	})
}

// A sweep that is cancelled returns what is done, and soon.
func TestSweepIsCancelled(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, optim.GD(), train.Record{})
		short := train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.01, Steps: 5}}
		long := train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.01, Steps: 1 << 40, Stride: 1 << 30}}
		ctx, cancel := context.WithCancel(context.Background())
		var cancelled time.Time
		histories, err := train.Sweep(ctx, []train.Job{short, long, long, long}, 1, func(int) {
			time.AfterFunc(30*time.Millisecond, func() { cancelled = time.Now(); cancel() })
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, time.Since(cancelled), 2*time.Second, "the bar is 0.2 s on a quiet machine")
		require.NotNil(t, histories[0])
		require.Nil(t, histories[1])
		require.False(t, errors.Is(err, context.DeadlineExceeded))

		ctx, cancel = context.WithCancel(context.Background())
		time.AfterFunc(500*time.Millisecond, func() { cancelled = time.Now(); cancel() })
		histories, err = train.SweepTogether(ctx, []train.Job{short, long, long, long}, 3)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "cancelled after 1 of 4 runs")
		require.Less(t, time.Since(cancelled), 2*time.Second, "the bar is 0.2 s on a quiet machine")
		require.NotNil(t, histories[0])
		require.Nil(t, histories[1])
	})
}

// Runs share the batches that are given. Each run and each sampler still sees its own, also at once and with another trainer's data.
func TestRunsShareGivenBatches(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		of := func(batches ...[]int) train.Config {
			return train.Config{LearningRate: 0.05, Steps: 30, Sampler: must(sample.Given(batches))}
		}
		configs := []train.Config{of([]int{0, 3}, []int{1, 1}), of([]int{5, 2}, []int{4, 6}), of([]int{0, 3}, []int{1, 1}, []int{7, 8})}
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 20}, optim.GD(), train.Record{})
		var jobs []train.Job
		for i := range 12 {
			jobs = append(jobs, train.Job{Trainer: trainer, Config: configs[i%3]})
		}
		histories, err := train.Sweep(t.Context(), jobs, 4, nil)
		require.NoError(t, err)
		for i, h := range histories {
			alone := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 20}, optim.GD(), train.Record{})
			require.Equal(t, run(t, alone, configs[i%3]).Loss, h.Loss)
		}
		require.NotEqual(t, histories[0].Loss, histories[1].Loss)
		require.NotEqual(t, histories[0].Loss, histories[2].Loss)
	})
}

// What ends a worker's goroutine ends the sweep, with an error, and does not stop it for ever.
func TestSweepOfEndedGoroutines(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, optim.GD(), train.Record{})
		var jobs []train.Job
		for i := range 10 { // of as many lengths, so that a GPU does not take them all at once
			jobs = append(jobs, train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.01, Steps: 5 + i}})
		}
		histories, err := train.Sweep(t.Context(), jobs, 2, func(int) { runtime.Goexit() })
		require.ErrorContains(t, err, "ended its goroutine")
		require.Nil(t, histories[9])
		for i := range jobs {
			jobs[i].Config.Progress = func(int) { runtime.Goexit() }
		}
		_, err = train.Sweep(t.Context(), jobs, 2, func(int) {})
		require.ErrorContains(t, err, "ended its goroutine")
	})
}

// A trainer that New did not make, and a history that there is not, say so.
func TestZeroValuesSaySo(t *testing.T) {
	const parts = "trainer … train.New"
	for _, zero := range []*train.Trainer{nil, new(train.Trainer)} {
		_, err := zero.Run(t.Context(), train.Config{LearningRate: 0.1, Steps: 1})
		says.All(t, err, parts)
		_, err = zero.On(nil)
		says.All(t, err, parts)
		_, _, err = zero.Evaluate(nil)
		says.All(t, err, parts)
		_, err = zero.ExampleGradients(nil)
		says.All(t, err, parts)
		says.Panic(t, parts, func() { zero.Parameters() })
		says.Panic(t, parts, zero.Stay)
		zero.Close()
	}
	_, err := train.Sweep(t.Context(), []train.Job{{Trainer: new(train.Trainer)}}, 0, nil)
	says.All(t, err, "job 0 … "+parts)
	var none *train.History
	_, err = none.Value("theta")
	require.ErrorContains(t, err, "the history is nil")
	_, err = none.LayerGradNorm("")
	require.ErrorContains(t, err, "the history is nil")
	says.Panic(t, "history … nil", func() { none.Diverged() })
}
