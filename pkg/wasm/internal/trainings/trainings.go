// Package trainings has the training programs by which package wasm is timed, natively and in a browser.
package trainings

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// A Training is a problem with what trains it.
type Training struct {
	Name      string
	problem   func() (problem.Problem, error)
	optimizer func() (optimizer.Interface, error)
	sampler   func() (sample.Sampler, error)
	rate      float64
}

// All are the programs: a small quadratic, least squares, and nets.
func All() []Training {
	relu, tanh, f32, f64 := problem.ReLU, problem.Tanh, dtypes.Float32, dtypes.Float64
	// Not around the origin, where weights would end as numbers too small to be normal, on which some processors take a hundred cycles.
	quadratic := func() (problem.Problem, error) { return problem.NewQuadratic([]float64{1, 10}, nil, []float64{1, -2}) }
	diabetes := func() (problem.Problem, error) { return problem.Diabetes() }
	adam := func() (optimizer.Interface, error) { return optim.Adam() }
	batch := func() (sample.Sampler, error) { return sample.WithReplacement(32) }
	reshuffled := func() (sample.Sampler, error) { return sample.Reshuffled(8) }
	return []Training{
		{"quadratic GD", quadratic, gd, full, 0.1},
		{"diabetes GD", diabetes, gd, full, 0.1},
		{"1-64-1 SGD, batch 32, float32", net(relu, f32, 256, 1, 64, 1), gd, batch, 0.05},
		{"1-64-1 SGD, batch 32, float64", net(relu, f64, 256, 1, 64, 1), gd, batch, 0.05},
		{"1-64-1 GD, n = 256, float32", net(relu, f32, 256, 1, 64, 1), gd, full, 0.05},
		{"1-10-10-1 GD, n = 40, float32", net(relu, f32, 40, 1, 10, 10, 1), gd, full, 0.05},
		{"1-10-10-1 Adam, reshuffled, float64", net(relu, f64, 40, 1, 10, 10, 1), adam, reshuffled, 0.001},
		{"1-64-1 tanh, batch 32, float64", net(tanh, f64, 256, 1, 64, 1), gd, batch, 0.05},
	}
}

// First is what a page trains before it trains others: a browser compiles the parts of a program when they first run, those of the compiler
// among them. It is none of All.
func First() Training {
	momentum := func() (optimizer.Interface, error) { return optim.HeavyBall(0.9) }
	shuffled := func() (sample.Sampler, error) { return sample.ShuffledOnce(16) }
	return Training{"1-24-12-1 momentum, shuffled, float32", net(problem.Tanh, dtypes.Float32, 128, 1, 24, 12, 1), momentum, shuffled, 0.01}
}

func gd() (optimizer.Interface, error) { return optim.GD(), nil }
func full() (sample.Sampler, error)    { return sample.Full(), nil }

// net learns sin 3x at n places of [−1, 1].
func net(activation problem.Activation, dtype dtypes.DType, n int, sizes ...int) func() (problem.Problem, error) {
	return func() (problem.Problem, error) {
		xs, ys := make([]float64, n), make([]float64, n)
		for i := range xs {
			xs[i] = 2*float64(i)/float64(n-1) - 1
			ys[i] = math.Sin(3 * xs[i])
		}
		return problem.NewNet(problem.MLP{Sizes: sizes, Activation: activation, DType: dtype}, problem.NewPoints(xs, ys))
	}
}

// Start makes a trainer and the configuration of its runs. It is an error when the trainer cannot be made.
func (t Training) Start(b compute.Backend) (*train.Trainer, train.Config, error) {
	p, err := t.problem()
	if err != nil {
		return nil, train.Config{}, err
	}
	o, err := t.optimizer()
	if err != nil {
		return nil, train.Config{}, err
	}
	s, err := t.sampler()
	if err != nil {
		return nil, train.Config{}, err
	}
	trainer, err := train.New(b, p, o, train.Record{Params: true})
	return trainer, train.Config{LearningRate: t.rate, Sampler: s, Stride: 100}, err
}

// Exact returns the configuration with a start that is the same everywhere: of what a seed draws for a net, the last places differ between
// a page and a program, by their logarithms and cosines. It is an error when the problem cannot be made.
func (t Training) Exact(config train.Config) (train.Config, error) {
	p, err := t.problem()
	if net, is := p.(*problem.Net); is && err == nil {
		config.Start = problem.Uniform(net.Sizes, 1).Start()
	}
	return config, err
}

// Run trains for the given steps. It is an error when the run fails.
func Run(trainer *train.Trainer, config train.Config, steps int) (*train.History, error) {
	config.Steps = steps
	return trainer.Run(context.Background(), config)
}

// Bits is a hash of all that a run recorded, bit by bit.
func Bits(h *train.History) string {
	sum := fnv.New64a()
	for i := range h.Step {
		fmt.Fprintf(sum, "%d %x %x\n", h.Step[i], h.Loss[i], h.Params[i])
	}
	return fmt.Sprintf("%x", sum.Sum64())
}
