package wasm_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
	"descent.example/pkg/wasm"
)

// A training is a program of the lab whose steps are timed.
type training struct {
	name      string
	problem   func() (problem.Problem, error)
	optimizer optimizer.Interface
	sampler   func() (sample.Sampler, error)
	rate      float64
}

func netOf(activation problem.Activation, dtype dtypes.DType, n int, sizes ...int) func() (problem.Problem, error) {
	return func() (problem.Problem, error) {
		xs, ys := make([]float64, n), make([]float64, n)
		for i := range xs {
			xs[i] = 2*float64(i)/float64(n-1) - 1
			ys[i] = math.Sin(3 * xs[i])
		}
		return problem.NewNet(problem.MLP{Sizes: sizes, Activation: activation, DType: dtype}, problem.NewPoints(xs, ys))
	}
}

func batchOf(n int) func() (sample.Sampler, error) {
	return func() (sample.Sampler, error) { return sample.WithReplacement(n) }
}

func adam() optimizer.Interface {
	o, err := optim.Adam()
	if err != nil {
		panic(err)
	}
	return o
}

func full() (sample.Sampler, error)       { return sample.Full(), nil }
func reshuffled() (sample.Sampler, error) { return sample.Reshuffled(8) }

func trainings() []training {
	relu, tanh := problem.ReLU, problem.Tanh
	return []training{
		{"quadratic GD", func() (problem.Problem, error) { return problem.NewQuadratic([]float64{1, 10}, nil, nil) }, optim.GD(), full, 0.1},
		{"diabetes GD", func() (problem.Problem, error) { return problem.Diabetes() }, optim.GD(), full, 0.1},
		{"1-64-1 SGD batch 32 float32", netOf(relu, dtypes.Float32, 256, 1, 64, 1), optim.GD(), batchOf(32), 0.05},
		{"1-64-1 SGD batch 32 float64", netOf(relu, dtypes.Float64, 256, 1, 64, 1), optim.GD(), batchOf(32), 0.05},
		{"1-64-1 GD n = 256 float32", netOf(relu, dtypes.Float32, 256, 1, 64, 1), optim.GD(), full, 0.05},
		{"1-10-10-1 GD n = 40 float32", netOf(relu, dtypes.Float32, 40, 1, 10, 10, 1), optim.GD(), full, 0.05},
		{"1-10-10-1 Adam reshuffled float64", netOf(relu, dtypes.Float64, 40, 1, 10, 10, 1), adam(), reshuffled, 0.001},
		{"1-64-1 tanh batch 32 float64", netOf(tanh, dtypes.Float64, 256, 1, 64, 1), optim.GD(), batchOf(32), 0.05},
	}
}

// cpu is the processor time that this process has used.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (c training) trainer(tb testing.TB, b compute.Backend) (*train.Trainer, train.Config) {
	p, err := c.problem()
	require.NoError(tb, err)
	s, err := c.sampler()
	require.NoError(tb, err)
	t, err := train.New(b, p, c.optimizer, train.Record{})
	require.NoError(tb, err)
	return t, train.Config{LearningRate: c.rate, Sampler: s, Stride: 100}
}

// TestSteps prints the table of the README: the processor time of a step and of a first result, on this backend and on XLA, in turns.
func TestSteps(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("WASM_ROUNDS"))
	if rounds == 0 {
		t.Skip("WASM_ROUNDS sets how often each program is timed")
	}
	xla, err := accel.Open()
	require.NoError(t, err)
	backends := []compute.Backend{wasm.New(), xla}
	for _, c := range trainings() {
		step, first := [2]float64{}, [2]float64{}
		for round := range rounds {
			for i, b := range backends {
				began := cpu(t)
				trainer, config := c.trainer(t, b)
				config.Steps = 100
				h, err := trainer.Run(context.Background(), config)
				require.NoError(t, err)
				_ = h
				took := float64(cpu(t) - began)
				config.Steps = 3000
				_, err = trainer.Run(context.Background(), config)
				require.NoError(t, err)
				config.Steps = int(os.Getpagesize()) * 5
				began = cpu(t)
				_, err = trainer.Run(context.Background(), config)
				require.NoError(t, err)
				per := float64(cpu(t)-began) / float64(config.Steps)
				trainer.Close()
				if round == 0 || per < step[i] {
					step[i] = per
				}
				if round == 0 || took < first[i] {
					first[i] = took
				}
			}
		}
		fmt.Printf("%-36s step %8.3f µs, XLA %8.3f µs, ratio %5.2f; first %5.1f ms, XLA %5.1f\n", c.name, step[0]/1e3, step[1]/1e3, step[0]/step[1], first[0]/1e6, first[1]/1e6)
	}
}
