package train_test

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/internal/says"
	"descent.example/pkg/memory"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// A function of the step sets the rate of every step, and another one, or another number of steps of the same size, compiles
// nothing.
func TestScheduleOfOnesOwn(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		bowl := must(problem.NewQuadratic([]float64{1, 4}, nil, nil))
		bowl.DType = dtypes.Float64
		trainer := newTrainer(t, backend, bowl, optim.GD(), train.Record{Params: true, Rate: true})
		start := map[string]any{"theta": []float64{1, -2}}
		for _, c := range []struct {
			steps int
			f     func(t int) float64
		}{{32, func(t int) float64 { return 0.2 + 0.1*math.Sin(float64(t)/10) }}, {63, func(t int) float64 { return 0.3 / float64(1+t%5) }}} {
			h := run(t, trainer, train.Config{Schedule: must(schedule.Func(c.f)), Steps: c.steps, Start: start})
			x, y := 1.0, -2.0
			for step := range c.steps {
				require.Equal(t, c.f(step), h.Rate[step])
				require.InDeltaSlice(t, []float64{x, y}, h.Params[step], 1e-14)
				x, y = x-c.f(step)*x, y-4*c.f(step)*y
			}
			require.InDeltaSlice(t, []float64{x, y}, h.Final, 1e-14)
		}
		require.Equal(t, 1, train.Programs(trainer))
	})
}

// A run that goes on is one that was longer, with functions too, also where they are part of something else, below a plateau.
func TestRunWithAFunctionGoesOn(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 3, n: 8}, optim.GD(), everything)
		own := must(schedule.Func(func(t int) float64 { return 0.05 + 0.04*math.Cos(float64(t)) }))
		whole := must(schedule.WarmUp(0, 7, must(schedule.Sequence([]schedule.Schedule{own, must(schedule.Constant(0.1)), own}, []int{9, 12}))))
		c := train.Config{Schedule: whole, Steps: 40, Plateau: must(schedule.ReduceOnPlateau(0.9, 3, 0.01, 0, 0.1))}
		at := run(t, trainer, c)
		for _, first := range []int{5, 10, 17, 25} {
			c := c
			c.Steps = first
			c.From = run(t, trainer, c)
			c.Steps = 40 - first
			rest := run(t, trainer, c)
			require.InDeltaSlice(t, at.Loss[first:], rest.Loss, 1e-13)
			require.InDeltaSlice(t, at.Final, rest.Final, 1e-13)
		}
	})
}

// What is wrong with a function is said before anything runs, and of a sweep with the job.
func TestBadFunctionOfASchedule(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 8}, optim.GD(), train.Record{})
		of := func(f func(t int) float64) train.Config {
			return train.Config{Schedule: must(schedule.Func(f)), Steps: 5}
		}
		rates := []float64{0.1, 0.1, 0.1}
		good, bad := of(func(int) float64 { return 0.1 }), of(func(t int) float64 { return 1 / float64(3-t) })
		_, err := trainer.Run(context.Background(), bad)
		says.All(t, err, "Schedule … step 3 … +Inf … finite … 0")
		_, err = trainer.Run(context.Background(), of(func(t int) float64 { return rates[t] }))
		require.ErrorContains(t, err, "Schedule: the function panics at step 3: runtime error: index out of range [3] with length 3, in train_test.TestBadFunction")
		_, err = train.Sweep(context.Background(), []train.Job{{Trainer: trainer, Config: good}, {Trainer: trainer, Config: bad}}, 0, nil)
		says.All(t, err, "job 1 … Schedule … step 3 … +Inf … finite … 0")
		good.Steps = 1 << 50
		good.Stride = 1 << 49
		_, err = trainer.Run(context.Background(), good)
		require.ErrorContains(t, err, "Schedule: the tables of a schedule's functions for 1125899906842624 steps would take")
		require.Equal(t, 0, train.Programs(trainer))
	})
}

// The last record has the rate and the step's norm of the step that would follow, with a function as with a formula.
func TestLastRecordOfAFunction(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		formula := must(schedule.Linear(0.1, 0, 10))
		function := must(schedule.Func(formula.At))
		rates := []float64{0.1, 0.1, 0.1}
		exact := train.Config{Schedule: must(schedule.Func(func(t int) float64 { return rates[t] })), Steps: 3}
		of := func(record train.Record) *train.Trainer {
			return newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 3, n: 8}, optim.GD(), record)
		}
		for _, record := range []train.Record{{Rate: true}, {StepNorm: true}} {
			trainer := of(record)
			for _, steps := range []int{4, 5} { // a table without room for one more, and one with it
				a, b := train.Config{Schedule: formula, Steps: steps}, train.Config{Schedule: function, Steps: steps}
				for range 2 {
					a.From, b.From = run(t, trainer, a), run(t, trainer, b)
					require.Equal(t, record.Rate, len(a.From.Rate) == steps+1)
					require.Equal(t, record.StepNorm, len(a.From.StepNorm) == steps+1)
					require.InDeltaSlice(t, a.From.Rate, b.From.Rate, 1e-15)
					require.InDeltaSlice(t, a.From.StepNorm, b.From.StepNorm, 1e-14)
				}
			}
			_, err := trainer.Run(t.Context(), exact)
			require.ErrorContains(t, err, "the last record of Rate and StepNorm needs the rate of step 3")
		}
		run(t, of(train.Record{GradNorm: true, Params: true}), exact)
	})
}

// A slow function does not hold up the end of the context, before a run and within a sweep, whose other runs are done.
func TestSlowFunctionIsCancelled(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 8}, optim.GD(), train.Record{})
		ctx, cancel := context.WithCancel(t.Context())
		slow := train.Config{Steps: 1 << 20, Stride: 1 << 20, Schedule: must(schedule.Func(func(step int) float64 {
			if step == 10 {
				cancel()
			}
			if step > 100 {
				t.Error("called on")
				runtime.Goexit()
			}
			return 0.1
		}))}
		_, err := trainer.Run(ctx, slow)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "the run was cancelled before its first step")

		ctx, cancel = context.WithCancel(t.Context())
		var done atomic.Bool
		waits := train.Config{Steps: 1 << 20, Stride: 1 << 20, Schedule: must(schedule.Func(func(step int) float64 {
			time.Sleep(10 * time.Millisecond)
			if done.Load() {
				cancel()
			}
			return 0.1
		}))}
		quick := train.Config{LearningRate: 0.1, Steps: 5}
		histories, err := train.Sweep(ctx, []train.Job{{Trainer: trainer, Config: quick}, {Trainer: trainer, Config: waits}}, 1,
			func(int) { done.Store(true) })
		require.ErrorIs(t, err, context.Canceled)
		require.NotNil(t, histories[0])
		require.Nil(t, histories[1])
	})
}

// What is wrong with a slow function is said when its job begins, and names the job.
func TestBadSlowFunctionInASweep(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 8}, optim.GD(), train.Record{})
		bad := train.Config{Steps: 5, Schedule: must(schedule.Func(func(step int) float64 {
			time.Sleep(300 * time.Millisecond)
			return float64(3 - step)
		}))}
		quick := train.Config{LearningRate: 0.1, Steps: 5}
		histories, err := train.Sweep(t.Context(), []train.Job{{Trainer: trainer, Config: quick}, {Trainer: trainer, Config: bad}}, 1, nil)
		says.All(t, err, "job 1 … Schedule … step 4 … -1 … 0")
		require.NotNil(t, histories[0])
	})
}

// The tables of a sweep's schedules are counted together, a common one once.
func TestSweepCountsTables(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 3, n: 8}, optim.GD(), train.Record{})
		steps := 1 << 16
		many := int(memory.Limit()/8)/steps + 1
		of := func(ctx context.Context, own func() schedule.Schedule) error {
			jobs := make([]train.Job, many)
			for i := range jobs {
				jobs[i] = train.Job{Trainer: trainer, Config: train.Config{Schedule: own(), Steps: steps, Stride: steps}}
			}
			_, err := train.Sweep(ctx, jobs, 1, nil)
			return err
		}
		one := func() schedule.Schedule { return must(schedule.Func(func(int) float64 { return 0.1 })) }
		require.ErrorContains(t, of(t.Context(), one), "runs and the tables of their schedules would take")
		common := one()
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, of(cancelled, func() schedule.Schedule { return common }), context.Canceled)
	})
}
