package lecture

import (
	"context"
	"fmt"
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
	Random, Guess     stat.Interval // the same with random labels, of each seed others
}

// DrawMemory (claim W2) draws the accuracies over the widths, with right labels and with random ones.
func DrawMemory(all []*Memory) *figure.Figure {
	names := figure.Each(all, func(m *Memory) string { return fmt.Sprint(m.Width) })
	panel := func(title string, known, unknown func(*Memory) stat.Interval) *figure.Figure {
		return figure.New(title, figure.X("hidden units").Categories(names...), figure.Y("accuracy (%)").Range(0, 105)).
			ConfidenceIntervals("digits learned from", nil, percents(figure.Each(all, known))).
			ConfidenceIntervals("unseen digits", nil, percents(figure.Each(all, unknown))).HLine(10, "a guess")
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
	Seeds  int   // runs of each net, and random labelings
}

// Memorize (claim W2) trains nets of one hidden layer on digits by Adam, with right labels and with random ones: each class as likely, for
// each digit, and other labels for each seed. It is an error when a setting cannot be, and when a run fails.
func Memorize(ctx context.Context, settings MemorySettings) ([]*Memory, error) {
	if err := counts("Digits", settings.Digits, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	known, unknown, c, err := digitCourse(settings.Digits, settings.Steps)
	if err != nil {
		return nil, err
	}
	var all []*Memory
	for _, width := range settings.Widths {
		m := &Memory{Width: width, Parameters: (known.Features.RawMatrix().Cols+1)*width + (width+1)*known.Classes}
		var data []*problem.Labeled
		for seed := range settings.Seeds {
			data = append(data, known, RandomLabels(known, seed))
		}
		thetas, model, err := onDigits(ctx, width, c, data)
		if err != nil {
			return nil, err
		}
		var right, unseen, random, guess []float64
		for k := 0; k < len(thetas); k += 2 {
			right, unseen = append(right, model.Accuracy(thetas[k], known)), append(unseen, model.Accuracy(thetas[k], unknown))
			random, guess = append(random, model.Accuracy(thetas[k+1], data[k+1])), append(guess, model.Accuracy(thetas[k+1], unknown))
		}
		for _, of := range []struct {
			mean   *stat.Interval
			values []float64
		}{{&m.Known, right}, {&m.Unknown, unseen}, {&m.Random, random}, {&m.Guess, guess}} {
			if *of.mean, err = stat.MeanOverRuns(of.values, Confidence); err != nil {
				return nil, err
			}
		}
		all = append(all, m)
	}
	return all, nil
}

// RandomLabels (claim W2) are the same examples with labels drawn by the seed, each class as likely. It panics when data is nil.
func RandomLabels(data *problem.Labeled, seed int) *problem.Labeled {
	mustGive("data", data)
	rng := rand.New(rand.NewPCG(uint64(seed), 6))
	random := &problem.Labeled{Features: data.Features, Classes: data.Classes}
	for range data.Labels {
		random.Labels = append(random.Labels, rng.IntN(data.Classes))
	}
	return random
}

// digitCourse are the digits to learn from and the others, and how nets are trained on them: in batches of 50, at Adam's rate 0.01.
func digitCourse(digits, steps int) (known, unknown *problem.Labeled, c train.Config, err error) {
	if known, unknown, err = SplitDigits(digits); err != nil {
		return nil, nil, c, err
	}
	c = train.Config{LearningRate: 0.01, Steps: steps, Stride: steps}
	c.Sampler, err = sample.Reshuffled(50)
	return known, unknown, c, err
}

// onDigits trains nets of one hidden layer by Adam, one on each of some labelings of as many digits, from the seeds 1, 2, …, and returns
// their parameters.
func onDigits(ctx context.Context, width int, c train.Config, data []*problem.Labeled) (thetas [][]float64, model problem.MLP, err error) {
	model = ofDigits(width)
	var shared *train.Trainer
	var jobs []train.Job
	for k, labels := range data {
		net, err := problem.NewNet(model, labels)
		if err != nil {
			return nil, model, err
		}
		if shared == nil {
			if shared, err = NewTrainer(net, "Adam", train.Record{}); err != nil {
				return nil, model, err
			}
			defer shared.Close()
		}
		t, err := shared.On(net.Data())
		if err != nil {
			return nil, model, err
		}
		defer t.Close()
		c.Seed, c.Start = k+1, problem.Uniform(model.Sizes, k+1).Start()
		jobs = append(jobs, train.Job{Trainer: t, Config: c})
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, model, err
	}
	for _, h := range histories {
		thetas = append(thetas, h.Final)
	}
	return thetas, model, nil
}
