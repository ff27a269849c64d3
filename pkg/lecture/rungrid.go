package lecture

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/grid"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// RunGrid (claim H3) does runs of a grid on CS182's exercise, as CS182 does its own, and returns their results in the order of the
// runs. A run's result does not depend on which others are done with it. It is an error when a run's setting cannot be, when the
// steps are not positive, and when a run fails.
func RunGrid(ctx context.Context, steps int, runs []grid.Run) ([]grid.Result, error) {
	if err := counts("steps", steps); err != nil {
		return nil, err
	}
	target := problem.Lecturer()
	xs, ys := target.Sample(200, 0.01, 1)
	sampler, err := sample.WithReplacement(CS182Batch)
	if err != nil {
		return nil, err
	}
	type contender struct {
		width     int
		optimizer string
	}
	trainers := map[contender]*train.Trainer{}
	nets := map[int]*problem.Net{}
	start := problem.SpreadElbows(xs)
	var jobs []train.Job
	for _, run := range runs {
		if nets[run.Width] == nil {
			if nets[run.Width], err = problem.NewNet(problem.MLP{Sizes: []int{1, run.Width, 1}}, problem.NewPoints(xs, ys)); err != nil {
				return nil, fmt.Errorf("%v: %w", run, err)
			}
		}
		net, of := nets[run.Width], contender{run.Width, run.Optimizer}
		if trainers[of] == nil {
			if trainers[of], err = NewTrainer(net, run.Optimizer, train.Record{}); err != nil {
				return nil, fmt.Errorf("%v: %w", run, err)
			}
			defer trainers[of].Close()
		}
		jobs = append(jobs, train.Job{Trainer: trainers[of], Config: train.Config{LearningRate: run.Rate, Sampler: sampler, Steps: steps,
			Stride: max(1, steps/10), Seed: run.Seed, Start: from(start, net.Sizes)(run.Seed)}})
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("the sweep: %w", err)
	}
	gx, gy := target.Grid(1001)
	results := make([]grid.Result, len(runs))
	for i, h := range histories {
		results[i].Run = runs[i]
		if step, yes := h.Diverged(); yes {
			results[i].Diverged = max(1, step)
			continue
		}
		for k, x := range gx {
			results[i].Error += math.Pow(nets[runs[i].Width].Output(h.Final, []float64{x})[0]-gy[k], 2) / float64(len(gx))
		}
	}
	return results, nil
}
