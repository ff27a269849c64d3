package lecture

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// An Entry of CS182's sweep: one width under one optimizer, over all seeds.
type Entry struct {
	Width     int
	Optimizer string
	Losses    []float64   // the mean square error of each run over a fine grid, without noise, +Inf where it diverged
	Curve     [][]float64 // of each run, the square error of the batch at the recorded steps
	Step      []int
	Final     [][]float64 // the parameters of each run
}

// CS182 is the sweep that the lecturer's discussion trains, or rather loads, as it takes PyTorch 35 minutes: nets of one
// hidden layer on 200 noisy points of the piecewise linear target, by SGD, SGD with momentum 0.9 and Adam at the rate
// 0.02, with batches of 40 and the elbows' start spread over the data. progress is called with the runs done.
func CS182(ctx context.Context, backend compute.Backend, widths []int, optimizers []string, seeds, steps int, progress func(done int)) ([]Entry, []*problem.Net, error) {
	if err := counts("seeds", seeds, "steps", steps); err != nil {
		return nil, nil, err
	}
	target := problem.Lecturer()
	xs, ys := target.Sample(200, 0.01, 1)
	sampler, err := sample.WithReplacement(40)
	if err != nil {
		return nil, nil, err
	}
	var jobs []train.Job
	var entries []Entry
	var nets []*problem.Net
	for _, width := range widths {
		net, err := problem.NewRegression([]int{width}, xs, ys)
		if err != nil {
			return nil, nil, err
		}
		nets = append(nets, net)
		for _, name := range optimizers {
			rule, err := optim.ByName(name)
			if err != nil {
				return nil, nil, err
			}
			t, err := train.New(backend, net, rule, train.Record{})
			if err != nil {
				return nil, nil, err
			}
			defer t.Close()
			// PyTorch's loss is twice ours: its rate 0.02 is our 0.04. Adam does not care for the loss's scale.
			rate := 0.04
			if name == "adam" {
				rate = 0.02
			}
			eta, err := schedule.Constant(rate)
			if err != nil {
				return nil, nil, err
			}
			for _, seed := range Seeds(seeds) {
				jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{
					Schedule: eta, Sampler: sampler, Steps: steps, Stride: max(1, steps/10), Seed: seed, Start: net.Start(uint64(seed), true)}})
			}
			entries = append(entries, Entry{Width: width, Optimizer: name})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, progress)
	if err != nil {
		return nil, nil, fmt.Errorf("the sweep: %w", err)
	}
	gx, gy := target.Grid(1001)
	for i := range entries {
		e := &entries[i]
		net := nets[i/len(optimizers)]
		for _, h := range histories[i*seeds : (i+1)*seeds] {
			e.Step = h.Step
			curve := make([]float64, len(h.Loss))
			for k, loss := range h.Loss {
				curve[k] = 2 * loss
			}
			e.Curve, e.Final = append(e.Curve, curve), append(e.Final, h.Final)
			error2 := 0.0
			for k, x := range gx {
				d := net.Output(h.Final, []float64{x})[0] - gy[k]
				error2 += d * d / float64(len(gx))
			}
			e.Losses = append(e.Losses, error2)
		}
	}
	return entries, nets, nil
}
