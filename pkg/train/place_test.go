package train_test

import (
	"errors"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// broken is a GPU on which nothing compiles.
type broken struct{ compute.Backend }

func (broken) Builder(string) compute.Builder { panic(errors.New("the device is lost")) }

// A sweep goes to a GPU, for which the CPU stands in, if that was measured to be faster, and gives what it gives here; so does a
// single run. It stays if the GPU is slower, if the user says so, and if the GPU fails.
func TestSweepGoesWhereItIsFaster(t *testing.T) {
	cpu, err := accel.Open()
	require.NoError(t, err)
	if accel.Platform() != "xla:cpu" {
		t.Skip("runs are batched by XLA alone, and only the CPU's leave for a GPU")
	}
	for name, c := range map[string]struct {
		gpu        compute.Backend
		here       float64 // seconds for a step
		stay, goes bool
	}{
		"faster": {gpu: cpu, here: 1, goes: true},
		"slower": {gpu: cpu, here: 1e-2},
		"quick":  {gpu: cpu, here: 1e-9},
		"stays":  {gpu: cpu, here: 1, stay: true},
		"fails":  {gpu: broken{cpu}, here: 1},
	} {
		t.Run(name, func(t *testing.T) {
			defer train.StandIn(c.gpu)()
			for _, runs := range []int{5, 1} {
				trainer := newTrainer(t, cpu, &net{dtype: dtypes.Float64, hidden: 3, n: 20}, optim.GD(), everything)
				other, err := trainer.On((&net{dtype: dtypes.Float64, hidden: 3, n: 20}).Data())
				require.NoError(t, err)
				if c.stay {
					trainer.Stay()
				}
				config := train.Config{Steps: 700, Stride: 100, Sampler: must(sample.WithReplacement(5))}
				jobs := append(trainer.Grid(config, []float64{0.02}, []int{1, 2, 3, 4, 5}[:runs]), other.Grid(config, []float64{0.03}, []int{1, 2, 3, 4, 5}[:runs])...)
				train.SetSpeeds(trainer, c.gpu, config, runs, c.here, 0.1)
				histories, err := train.Sweep(t.Context(), jobs, 2, nil)
				require.NoError(t, err)
				require.Equal(t, c.goes, train.ProgramsOfTwin(trainer) > 0)
				for i, job := range jobs {
					job.Trainer.Stay()
					want := run(t, job.Trainer, job.Config)
					require.Equal(t, want.Step, histories[i].Step)
					require.InDeltaSlice(t, want.Loss, histories[i].Loss, 1e-9)
					require.InDeltaSlice(t, want.Final, histories[i].Final, 1e-9)
				}
				if runs == 1 && c.goes {
					trainer = newTrainer(t, cpu, &net{dtype: dtypes.Float64, hidden: 3, n: 20}, optim.GD(), everything)
					train.SetSpeeds(trainer, c.gpu, config, runs, c.here, 0.1)
					require.Equal(t, histories[0].Loss, run(t, trainer, jobs[0].Config).Loss)
					require.Positive(t, train.ProgramsOfTwin(trainer))
				}
			}
		})
	}
}
