package train_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/train"
)

// A run and a sweep tell the watcher how far they are, each as one work, unless the caller asked to be told.
func TestRunsAndSweepsTellTheirProgress(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	bowl, err := problem.NewQuadratic([]float64{1, 10}, nil, []float64{1, 1})
	require.NoError(t, err)
	trainer := newTrainer(t, backend, bowl, optim.GD(), train.Record{})
	type work struct {
		of, last int
		over     bool
	}
	var heard []*work
	progress.Watch(func(_ string, total int) (func(int), func()) {
		w := &work{of: total}
		heard = append(heard, w)
		return func(done int) { w.last = done }, func() { w.over = true }
	})
	t.Cleanup(func() { progress.Watch(nil) })
	c := train.Config{LearningRate: 0.1, Steps: 50}
	_, err = trainer.Run(context.Background(), c)
	require.NoError(t, err)
	jobs := trainer.Grid(c, []float64{0.05, 0.1}, []int{1, 2})
	_, err = train.Sweep(context.Background(), jobs, 1, nil)
	require.NoError(t, err)
	require.Equal(t, []*work{{50, 50, true}, {4, 4, true}}, heard, "a sweep's runs are parts of it")

	told := 0
	c.Progress = func(int) { told++ }
	_, err = trainer.Run(context.Background(), c)
	require.NoError(t, err)
	require.Positive(t, told)
	told = 0
	_, err = train.Sweep(context.Background(), jobs, 1, func(int) { told++ })
	require.NoError(t, err)
	require.Positive(t, told)
	require.Len(t, heard, 2)
}
