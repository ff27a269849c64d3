package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"gonum.org/v1/gonum/mat"

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
	net, err := problem.NewNet(problem.MLP{Sizes: []int{1, len(task.Nets[0].HiddenBiases), 1}}, problem.NewPoints(task.X, task.Y))
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
	l.nets = nil
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
			histories, err = train.Sweep(ctx, jobs, 0, nil)
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
			net, err := endOf(h)
			if err != nil {
				return reply, err
			}
			reply.Nets = append(reply.Nets, net)
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

// startOf is where the net starts, as train.Config takes it.
func startOf(n bench.Net) map[string]any {
	width := len(n.HiddenBiases)
	return problem.Layers{{W: mat.NewDense(1, width, n.HiddenWeights), B: n.HiddenBiases},
		{W: mat.NewDense(width, 1, n.OutputWeights), B: n.OutputBiases}}.Start()
}

// endOf is the net where the run ended.
func endOf(h *train.History) (bench.Net, error) {
	layers, err := problem.NewLayers(h.Final, 1, (len(h.Final)-1)/3, 1)
	if err != nil {
		return bench.Net{}, err
	}
	return bench.Net{HiddenWeights: layers[0].W.RawMatrix().Data, HiddenBiases: layers[0].B,
		OutputWeights: layers[1].W.RawMatrix().Data, OutputBiases: layers[1].B}, nil
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
