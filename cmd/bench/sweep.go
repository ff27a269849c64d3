package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/gomlx/compute"

	"descent.example/pkg/bench"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// Sweep is what training all nets of an exercise took.
type sweep struct {
	Name     string        `json:"sweep"`
	Runs     int           `json:"runs"`
	Seeds    int           `json:"seeds"`
	Steps    int           `json:"steps"` // of each run
	Batch    int           `json:"batch"`
	Workers  int           `json:"workers"`
	Seconds  float64       `json:"seconds"` // of all, compiling included
	Diverged int           `json:"diverged"`
	Machine  bench.Machine `json:"machine"`
}

func (s sweep) String() string {
	text := fmt.Sprintf("The CS182 sweep, 3 widths × 3 optimizers × %d seeds × %d steps, batch %d: %.1f s, compiling included, by %d "+
		"workers.", s.Seeds, s.Steps, s.Batch, s.Seconds, s.Workers)
	if s.Diverged > 0 {
		text += fmt.Sprintf(" %d runs diverged and ended there.", s.Diverged)
	}
	return text
}

// cs182 trains the nets of the exercise on optimizers of Berkeley's course CS182 (discussion 3 of spring 2025): 200
// noisy points of a piecewise linear function, batches drawn with replacement, the parameters recorded
// ten times. There they are 270 nets: 30 seeds, of 30,000 steps.
func cs182(ctx context.Context, backend compute.Backend, seeds, steps int) (sweep, error) {
	s := sweep{Name: "cs182", Seeds: seeds, Steps: steps, Batch: 40, Workers: runtime.NumCPU()}
	s.Machine = bench.ThisMachine()
	s.Machine.Versions["ours"] = version()
	began := time.Now()
	sampler, err := sample.WithReplacement(s.Batch)
	if err != nil {
		return s, err
	}
	xs, ys := problem.Lecturer().Sample(200, 0.01, 1)
	var jobs []train.Job
	for _, width := range []int{10, 20, 40} {
		for _, name := range bench.Optimizers {
			// Their rate is 0.02 and their loss has no half: ours is the same with twice the rate, but for Adam, which
			// does not see the loss's scale.
			rate := 0.04
			if name == "adam" {
				rate = 0.02
			}
			rule, err := ruleOf(bench.Rule{Name: name, Constants: bench.Constants(name)})
			if err != nil {
				return s, err
			}
			net, err := problem.NewRegression([]int{width}, xs, ys)
			if err != nil {
				return s, err
			}
			trainer, err := train.New(backend, net, rule, train.Record{Params: true})
			if err != nil {
				return s, err
			}
			defer trainer.Close()
			for seed := range uint64(seeds) {
				jobs = append(jobs, train.Job{Trainer: trainer, Config: train.Config{LearningRate: rate, Sampler: sampler,
					Steps: s.Steps, Stride: s.Steps / 10, Seed: int64(seed), Start: net.Start(seed, true)}})
			}
		}
	}
	histories, err := train.Sweep(ctx, jobs, s.Workers, nil)
	s.Seconds, s.Runs = time.Since(began).Seconds(), len(jobs)
	if err != nil {
		return s, err
	}
	for _, h := range histories {
		if _, diverged := h.Diverged(); diverged {
			s.Diverged++
		}
	}
	return s, nil
}
