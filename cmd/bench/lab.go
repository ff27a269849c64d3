package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/accel"
	"descent.example/pkg/bench"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// lab is our contender: package train, in this process.
type lab struct {
	backend compute.Backend
	stays   bool // on the backend, also where a GPU would be faster
	workers int
	trainer *train.Trainer
	nets    []train.Config // one for each net
}

// Load implements bench.Contender. The program is compiled by the first run, which is not timed.
func (l *lab) Load(_ context.Context, task bench.Task) error {
	l.close()
	rule, err := ruleOf(task.Optimizer)
	if err != nil {
		return err
	}
	net, err := problem.NewRegression([]int{len(task.Nets[0].HiddenBiases)}, task.X, task.Y)
	if err != nil {
		return err
	}
	if l.trainer, err = train.New(l.backend, net, rule, train.Record{}); err != nil {
		return err
	}
	if l.stays {
		l.trainer.Stay()
	}
	sampler, err := sample.Given(task.Batches)
	if err != nil {
		return err
	}
	l.workers, l.nets = task.Workers, nil
	for _, n := range task.Nets {
		l.nets = append(l.nets, train.Config{LearningRate: task.Rate, Sampler: sampler, Start: startOf(n)})
	}
	return nil
}

// Run implements bench.Contender.
func (l *lab) Run(ctx context.Context, request bench.Request) (reply bench.Reply, err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it collects between the runs, not within
	jobs := make([]train.Job, len(l.nets))
	for i, c := range l.nets {
		c.Steps = request.Steps
		jobs[i] = train.Job{Trainer: l.trainer, Config: c}
	}
	var histories []*train.History
	for range request.Repeats {
		histories = nil
		runtime.GC()
		began := time.Now()
		if len(jobs) == 1 {
			var h *train.History
			h, err = l.trainer.Run(ctx, jobs[0].Config)
			histories = []*train.History{h}
		} else {
			histories, err = train.Sweep(ctx, jobs, l.workers, nil)
		}
		reply.Seconds = append(reply.Seconds, time.Since(began).Seconds())
		if err != nil {
			return bench.Reply{}, err
		}
	}
	for _, h := range histories {
		if step, diverged := h.Diverged(); diverged {
			return bench.Reply{}, fmt.Errorf("the training diverged at step %d: give a smaller --lr", step)
		}
		if request.Results {
			reply.Losses = append(reply.Losses, h.Loss[:min(bench.Early, request.Steps)])
			reply.Nets = append(reply.Nets, endOf(h))
		}
	}
	return reply, nil
}

func (l *lab) close() {
	if l.trainer != nil {
		l.trainer.Close()
		l.trainer = nil
	}
}

func ruleOf(rule bench.Rule) (optimizer.Interface, error) {
	switch rule.Name {
	case "momentum":
		return optim.HeavyBall(rule.Constants["momentum"])
	case "adam":
		var options []optim.Option
		for name, value := range rule.Constants {
			options = append(options, optim.Hyper(name, value))
		}
		return optim.Adam(options...)
	}
	return optim.GD(), nil
}

// The names of the net's parameters.
const (
	hiddenWeights = "hidden01/dense/weights"
	hiddenBiases  = "hidden01/dense/biases"
	outputWeights = "output/dense/weights"
	outputBiases  = "output/dense/biases"
)

func startOf(n bench.Net) map[string]any {
	column := make([][]float64, len(n.OutputWeights))
	for i, a := range n.OutputWeights {
		column[i] = []float64{a}
	}
	return map[string]any{hiddenWeights: [][]float64{n.HiddenWeights}, hiddenBiases: n.HiddenBiases,
		outputWeights: column, outputBiases: n.OutputBiases}
}

func endOf(h *train.History) bench.Net {
	values, rest := map[string][]float64{}, h.Final
	for _, p := range h.Parameters {
		size := 1
		for _, d := range p.Shape {
			size *= d
		}
		values[p.Name], rest = rest[:size], rest[size:]
	}
	return bench.Net{HiddenWeights: values[hiddenWeights], HiddenBiases: values[hiddenBiases],
		OutputWeights: values[outputWeights], OutputBiases: values[outputBiases]}
}

// version names what computes in this process.
func version() string {
	gomlx := "GoMLX"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/gomlx/gomlx" {
				gomlx += " " + module.Version
			}
		}
	}
	return fmt.Sprintf("%s on %s, %s", gomlx, accel.Platform(), runtime.Version())
}
