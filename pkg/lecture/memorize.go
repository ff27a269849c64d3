package lecture

import (
	"context"
	"math/rand/v2"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Memory (claim W2) is what nets of a width learn of digits whose labels are right, and of the same digits with random ones.
type Memory struct {
	Width, Parameters int
	Known, Unknown    stat.Interval // accuracy on the digits learned from, over seeds, and on others: right labels
	Random, Guess     stat.Interval // the same with random labels
}

// DrawMemory (claim W2) draws the accuracies over the widths, with right labels and with random ones.
func DrawMemory(all []*Memory) *figure.Figure {
	widths := figure.Column(all, func(m *Memory) int { return m.Width })
	panel := func(title string, known, unknown func(*Memory) stat.Interval) *figure.Figure {
		percent := func(of func(*Memory) stat.Interval) []float64 {
			return figure.Column(all, func(m *Memory) float64 { return 100 * of(m).Value })
		}
		return figure.New(title, figure.LogX("hidden units"), figure.Y("accuracy (%)").Range(0, 105)).
			Line("digits learned from", widths, percent(known)).Line("unseen digits", widths, percent(unknown)).HLine(10, "a guess")
	}
	return figure.Row(
		panel("Right labels", func(m *Memory) stat.Interval { return m.Known }, func(m *Memory) stat.Interval { return m.Unknown }),
		panel("Random labels", func(m *Memory) stat.Interval { return m.Random }, func(m *Memory) stat.Interval { return m.Guess }))
}

// MemorySettings are those of Memorize.
type MemorySettings struct {
	Widths []int // of the hidden layer
	Digits int   // to learn from, 1 to 1,796
	Steps  int   // of Adam, of each run
	Seeds  int   // runs of each net
}

// Memorize (claim W2) trains nets of one hidden layer on digits by Adam, with right labels and with random ones. It is an error when a
// setting cannot be, and when a run fails.
func Memorize(ctx context.Context, settings MemorySettings) ([]*Memory, error) {
	if err := counts("Digits", settings.Digits, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	known, unknown, err := splitDigits(settings.Digits)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 6))
	random := &problem.Labeled{Features: known.Features, Classes: known.Classes}
	for range known.Labels {
		random.Labels = append(random.Labels, rng.IntN(known.Classes))
	}
	sampler, err := sample.Reshuffled(50)
	if err != nil {
		return nil, err
	}
	c := train.Config{LearningRate: 0.01, Sampler: sampler, Steps: settings.Steps, Stride: settings.Steps}
	var all []*Memory
	for _, width := range settings.Widths {
		model := ofDigits(width)
		var nets []*problem.Net
		for _, labels := range []*problem.Labeled{known, random} {
			net, err := problem.NewNet(model, labels)
			if err != nil {
				return nil, err
			}
			nets = append(nets, net)
		}
		histories, err := lesson{nets: nets, rule: "Adam", config: c, start: problem.Uniform, seeds: settings.Seeds}.run(ctx)
		if err != nil {
			return nil, err
		}
		m := &Memory{Width: width, Parameters: (known.Features.RawMatrix().Cols+1)*width + (width+1)*known.Classes}
		for _, of := range []struct {
			mean   *stat.Interval
			labels *problem.Labeled
			runs   []*train.History
		}{{&m.Known, known, histories[0]}, {&m.Unknown, unknown, histories[0]}, {&m.Random, random, histories[1]}, {&m.Guess, unknown, histories[1]}} {
			var right []float64
			for _, h := range of.runs {
				right = append(right, model.Accuracy(h.Final, of.labels))
			}
			if *of.mean, err = stat.MeanOverRuns(right, Confidence); err != nil {
				return nil, err
			}
		}
		all = append(all, m)
	}
	return all, nil
}
