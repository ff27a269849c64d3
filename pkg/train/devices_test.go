package train_test

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// A sweep uses all devices, and its runs are those of one device: one by one, and in batches on a GPU, for which XLA's CPU and its four
// virtual devices stand in.
func TestSweepUsesAllDevices(t *testing.T) {
	backend, err := accel.Open()
	require.NoError(t, err)
	if accel.Platform() != "xla:cpu" {
		t.Skip("the devices are XLA's virtual ones")
	}
	require.Greater(t, backend.NumDevices(), 2)
	defer train.AllDevices()()
	for name, sampler := range map[string]sample.Sampler{
		"drawn": must(sample.WithReplacement(5)), "given": must(sample.Given([][]int{{0, 3}, {1, 1}, {12, 7}})),
	} {
		trainer := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 3, n: 20}, must(optim.ByName("adam")), everything)
		trainer.Stay()
		first := run(t, trainer, train.Config{LearningRate: 0.02, Steps: 30, Sampler: sampler})
		config := train.Config{Steps: 700, Stride: 70, Sampler: sampler, From: first}
		jobs := trainer.Grid(config, []float64{0.01, 0.02}, []int{1, 2, 3, 4, 5, 6})
		alike := func(delta float64, jobs []train.Job, workers int) {
			histories, err := train.Sweep(t.Context(), jobs, workers, nil)
			require.NoError(t, err, name)
			for i, job := range jobs {
				job.Trainer.Stay()
				want := run(t, job.Trainer, job.Config)
				require.Equal(t, want.Step, histories[i].Step, name)
				require.InDeltaSlice(t, want.Loss, histories[i].Loss, delta, name)
				require.InDeltaSlice(t, want.FullLoss, histories[i].FullLoss, delta, name)
				require.InDeltaSlice(t, want.Final, histories[i].Final, delta, name)
			}
		}
		used := train.WatchDevices(trainer)
		alike(0, jobs, 3)
		require.Equal(t, 3, used(), "workers that take turns on the devices")

		defer train.StandIn(backend)()
		guest := newTrainer(t, backend, &net{dtype: dtypes.Float64, hidden: 3, n: 20}, must(optim.ByName("adam")), everything)
		jobs = guest.Grid(config, []float64{0.01, 0.02}, []int{1, 2, 3, 4, 5, 6, 7, 8})
		train.SetSpeeds(guest, backend, config, 4, 1, 0.01)
		_, err = train.Sweep(t.Context(), jobs, 0, nil) // compiles
		require.NoError(t, err)
		used = train.WatchDevices(guest)
		alike(1e-9, jobs, 0)
		require.Equal(t, backend.NumDevices(), used(), "batches of four, each on a device")
	}
}
