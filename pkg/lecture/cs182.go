package lecture

import (
	"context"
	"fmt"
	"math"
	"strings"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
	"gonum.org/v1/gonum/floats"
)

// CS182Score (claim H3) is one width under one optimizer in CS182's sweep, over all seeds.
type CS182Score struct {
	Net       problem.MLP
	Width     int
	Optimizer string
	Losses    []float64   // the mean square error of each run over a fine grid, without noise, +Inf where it diverged
	Curve     [][]float64 // of each run, the square error of the batch at the recorded steps
	Step      []int
	Final     [][]float64 // the parameters of each run
}

// CS182Settings are those of CS182.
type CS182Settings struct {
	Widths     []int    // 10, 20 and 40 in the course
	Optimizers []string // "SGD", "momentum" and "Adam" there
	Seeds      int      // runs of each, 30 there
	Steps      int      // of each run, 30,000 there
}

// best is the run with the least loss.
func (s CS182Score) best() int { return floats.MinIdx(s.Losses) }

// String says in a line what the nets have come to.
func (s CS182Score) String() string {
	return fmt.Sprintf("width %d, %-10s median error %.1e, best %.1e, worst %.1e", s.Width, s.Optimizer+":",
		Quantile(s.Losses, 0.5), s.Losses[s.best()], Quantile(s.Losses, 1))
}

// byOptimizer are the scores of each optimizer, in the order in which they stand in the sweep.
func byOptimizer(scores []CS182Score) (names []string, of map[string][]CS182Score) {
	of = map[string][]CS182Score{}
	for _, s := range scores {
		if of[s.Optimizer] == nil {
			names = append(names, s.Optimizer)
		}
		of[s.Optimizer] = append(of[s.Optimizer], s)
	}
	return names, of
}

// DrawErrors shows every net's error over the width, the optimizers side by side, and joins the medians.
func DrawErrors(scores []CS182Score) *figure.Figure {
	fig := figure.New("Every net's error; lines join the medians",
		figure.LogX("hidden units (side by side for each rule)").Range(7, 57), figure.LogY("mean square error"))
	names, of := byOptimizer(scores)
	for o, name := range names {
		var xs, losses, at, medians []float64
		for _, s := range of[name] {
			x := float64(s.Width) * math.Exp2(0.28*float64(o-1))
			at, medians = append(at, x), append(medians, Quantile(s.Losses, 0.5))
			for k, loss := range s.Losses {
				xs = append(xs, x*math.Exp2(0.2*(float64(k)+0.5)/float64(len(s.Losses))-0.1))
				losses = append(losses, loss)
			}
		}
		fig.Points(name, xs, losses).Line(name, at, medians)
	}
	return fig
}

// DrawBestNets shows, for each width, the target and the best net of each optimizer.
func DrawBestNets(scores []CS182Score) *figure.Figure {
	xs, ys := problem.Lecturer().Grid(401)
	var panels []*figure.Figure
	for i, s := range scores {
		if i == 0 || s.Width != scores[i-1].Width {
			panels = append(panels, figure.New(fmt.Sprintf("Best nets of width %d", s.Width), figure.X("x"), figure.Y("f(x)")).Theory("target", xs, ys))
		}
		panels[len(panels)-1].Line(s.Optimizer, xs, func(x float64) float64 { return s.Net.Output(s.Final[s.best()], []float64{x})[0] })
	}
	return figure.Row(panels...)
}

// CS182Batch is how many examples are in a batch of the sweep.
const CS182Batch = 40

// CS182 (claim H3) is the sweep that discussion 3 of Berkeley's course CS182 (spring 2025) trains, or rather loads, because it takes
// PyTorch 35 minutes: nets of one hidden layer on 200 noisy points of the piecewise linear target, at the rate 0.02, with batches
// drawn with replacement and the elbows' start spread over the data. It is an
// error when a setting cannot be, and when a run fails.
func CS182(ctx context.Context, settings CS182Settings) ([]CS182Score, error) {
	target := problem.Lecturer()
	xs, ys := target.Sample(200, 0.01, 1)
	sampler, err := sample.WithReplacement(CS182Batch)
	if err != nil {
		return nil, err
	}
	data, start := problem.NewPoints(xs, ys), problem.SpreadElbows(xs)
	var setups []setup
	var scores []CS182Score
	for _, width := range settings.Widths {
		net, err := problem.NewNet(problem.MLP{Sizes: []int{1, width, 1}}, data)
		if err != nil {
			return nil, err
		}
		for _, name := range settings.Optimizers {
			t, err := NewTrainer(net, name, train.Record{})
			if err != nil {
				return nil, err
			}
			defer t.Close()
			// PyTorch's loss is twice ours: its rate 0.02 is our 0.04. Adam does not care for the loss's scale.
			rate := 0.04
			if strings.EqualFold(name, "Adam") {
				rate = 0.02
			}
			setups = append(setups, setup{t, train.Config{LearningRate: rate, Sampler: sampler, Steps: settings.Steps, Stride: max(1, settings.Steps/10)},
				from(start, net.Sizes)})
			scores = append(scores, CS182Score{Net: net.MLP, Width: width, Optimizer: name})
		}
	}
	histories, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	for i := range scores {
		scores[i].measure(histories[i], target)
	}
	return scores, nil
}

// measure computes the errors of the runs.
func (s *CS182Score) measure(runs []*train.History, target problem.Target) {
	gx, gy := target.Grid(1001)
	for _, h := range runs {
		s.Step = h.Step
		curve := make([]float64, len(h.Loss))
		for k, loss := range h.Loss {
			curve[k] = 2 * loss
		}
		s.Curve, s.Final = append(s.Curve, curve), append(s.Final, h.Final)
		square := math.Inf(1)
		if _, diverged := h.Diverged(); !diverged {
			square = 0
			for k, x := range gx {
				d := s.Net.Output(h.Final, []float64{x})[0] - gy[k]
				square += d * d / float64(len(gx))
			}
		}
		s.Losses = append(s.Losses, square)
	}
}
