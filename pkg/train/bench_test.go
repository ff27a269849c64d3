package train_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// benchmark runs b for a small quadratic, for least squares on 442 examples of 10 features, for a net with 64 hidden units
// on 256 points, and for one with two hidden layers of 10 on 40, each with a stable rate. All in float32 on the full batch.
func benchmark(b *testing.B, run func(b *testing.B, backend compute.Backend, p problem.Problem, rate float64)) {
	backend, err := accel.Open()
	require.NoError(b, err)
	quadratic, err := problem.NewQuadratic([]float64{1, 10}, nil, nil)
	require.NoError(b, err)
	diabetes, err := problem.Diabetes()
	require.NoError(b, err)
	b.Run("quadratic", func(b *testing.B) { run(b, backend, quadratic, 0.1) })
	b.Run("diabetes", func(b *testing.B) { run(b, backend, diabetes, 0.1) })
	b.Run("net", func(b *testing.B) { run(b, backend, &net{dtype: dtypes.Float32, hidden: 64, n: 256}, 0.05) })
	xs, ys := problem.Lecturer().Grid(40)
	deep, err := problem.NewNet(problem.MLP{Sizes: []int{1, 10, 10, 1}}, problem.NewPoints(xs, ys))
	require.NoError(b, err)
	b.Run("deep", func(b *testing.B) { run(b, backend, deep, 0.05) })
}

// BenchmarkStep is the time of a step in a long run that records the loss of every step.
func BenchmarkStep(b *testing.B) {
	benchmark(b, func(b *testing.B, backend compute.Backend, p problem.Problem, rate float64) {
		trainer, err := train.New(backend, p, optim.GD(), train.Record{})
		require.NoError(b, err)
		defer trainer.Close()
		run := func(steps int) {
			_, err := trainer.Run(context.Background(), train.Config{LearningRate: rate, Steps: steps})
			require.NoError(b, err)
		}
		run(1000)
		b.ResetTimer()
		run(b.N)
	})
}

// BenchmarkFirstResult is the time from a problem to the result of its first run of 100 steps: build, compile, run.
func BenchmarkFirstResult(b *testing.B) {
	benchmark(b, func(b *testing.B, backend compute.Backend, p problem.Problem, rate float64) {
		for b.Loop() {
			trainer, err := train.New(backend, p, optim.GD(), train.Record{})
			require.NoError(b, err)
			_, err = trainer.Run(context.Background(), train.Config{LearningRate: rate, Steps: 100})
			require.NoError(b, err)
			trainer.Close()
		}
	})
}

// BenchmarkRun is the time of a run of 60 steps with the parameters recorded and a new learning rate, as a slider
// makes them.
func BenchmarkRun(b *testing.B) {
	benchmark(b, func(b *testing.B, backend compute.Backend, p problem.Problem, rate float64) {
		trainer, err := train.New(backend, p, optim.GD(), train.Record{Params: true})
		require.NoError(b, err)
		defer trainer.Close()
		config := train.Config{LearningRate: rate, Steps: 60}
		_, err = trainer.Run(context.Background(), config)
		require.NoError(b, err)
		for b.Loop() {
			config.LearningRate *= 0.999
			_, err = trainer.Run(context.Background(), config)
			require.NoError(b, err)
		}
	})
}

// BenchmarkSweep is the time of a step of 256 runs, divided by their number: one by one on one core, and all in one program. It says
// which of them Sweep should do on what computes here.
func BenchmarkSweep(b *testing.B) {
	const runs = 256
	benchmark(b, func(b *testing.B, backend compute.Backend, p problem.Problem, rate float64) {
		for _, atOnce := range []int{1, runs} {
			b.Run(fmt.Sprint(atOnce), func(b *testing.B) {
				trainer, err := train.New(backend, p, optim.GD(), train.Record{})
				require.NoError(b, err)
				defer trainer.Close()
				run := func(steps int) {
					jobs := trainer.Grid(train.Config{Steps: steps, Stride: max(steps/10, 1)}, []float64{rate}, make([]int, runs))
					_, err := train.SweepTogether(context.Background(), jobs, atOnce)
					require.NoError(b, err)
				}
				run(100)
				b.ResetTimer()
				run(b.N)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/runs, "ns/step")
			})
		}
	})
}
