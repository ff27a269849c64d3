package train_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// A sweep's histories are those of single runs, whatever the number of workers.
func TestSweepIsSingleRuns(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		var jobs []train.Job
		for _, hidden := range []int{3, 8} {
			trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: hidden, n: 20}, must(optim.HeavyBall(0.9)), everything)
			base := train.Config{Steps: 60, Stride: 7, Sampler: must(sample.Reshuffled(6))}
			jobs = append(jobs, trainer.Grid(base, []float64{0.01, 0.05}, []int64{1, 2, 3})...)
		}
		require.Len(t, jobs, 12)
		for _, workers := range []int{0, 1, 5} {
			calls := 0
			histories, err := train.Sweep(context.Background(), jobs, workers, func(done int) {
				calls++
				require.Equal(t, calls, done)
			})
			require.NoError(t, err)
			require.Equal(t, 12, calls)
			for i, job := range jobs {
				require.Equal(t, run(t, job.Trainer, job.Config), histories[i], "job %d, %d workers", i, workers)
			}
		}
		require.Equal(t, 1, train.Programs(jobs[0].Trainer))
	})
}

func TestSweepErrors(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float32, hidden: 4, n: 20}, optim.GD(), train.Record{})
		sweep := func(workers int, jobs ...train.Job) error {
			_, err := train.Sweep(context.Background(), jobs, workers, nil)
			return err
		}
		good := train.Job{Trainer: trainer, Config: train.Config{LearningRate: 0.1, Steps: 5}}
		require.EqualError(t, sweep(0), "jobs is empty: give at least one run")
		require.ErrorContains(t, sweep(-1, good), "workers is -1: it must be at least 1")
		require.EqualError(t, sweep(0, good, train.Job{}), "job 1 has no Trainer")
		require.EqualError(t, sweep(0, good, train.Job{Trainer: trainer, Config: train.Config{LearningRate: -1, Steps: 1}}),
			"job 1: LearningRate is -1: it must be a finite number greater than 0")
		bad := good
		bad.Config.Start = map[string]any{"w": 1}
		require.ErrorContains(t, sweep(0, good, bad), `job 1: Start: there is no parameter "w"`)
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
	})
}
