package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

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
		}{{33, func(t int) float64 { return 0.2 + 0.1*math.Sin(float64(t)/10) }}, {64, func(t int) float64 { return 0.3 / float64(1+t%5) }}} {
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
		require.EqualError(t, err, "Schedule: the function's value at step 3 is +Inf: it must be a finite number, 0 or greater")
		_, err = trainer.Run(context.Background(), of(func(t int) float64 { return rates[t] }))
		require.ErrorContains(t, err, "Schedule: the function panics at step 3: runtime error: index out of range [3] with length 3, in train_test.TestBadFunction")
		_, err = train.Sweep(context.Background(), []train.Job{{Trainer: trainer, Config: good}, {Trainer: trainer, Config: bad}}, 0, nil)
		require.EqualError(t, err, "job 1: Schedule: the function's value at step 3 is +Inf: it must be a finite number, 0 or greater")
		good.Steps = 1 << 50
		good.Stride = 1 << 49
		_, err = trainer.Run(context.Background(), good)
		require.ErrorContains(t, err, "Schedule: the table of a schedule's function for 1125899906842624 steps would take")
		require.Equal(t, 0, train.Programs(trainer))
	})
}
