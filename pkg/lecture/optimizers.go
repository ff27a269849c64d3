package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// A Task (claim H3) is a problem on which optimizers are compared.
type Task struct {
	Name    string
	Batch   int
	Problem problem.Problem
	Start   func(seed int) map[string]any // nil: the problem's own
	Value   func(theta []float64) float64 // the loss over all examples, less the least one where that is known
	Left    string                        // what Value is, in words
	Study   *Study                        // nil unless it is one
}

// Tasks (claim H3) are least squares with a condition number of 470, logistic regression on two digits and a small net. It is an error when the
// stored data cannot be read.
func Tasks() ([]Task, error) {
	ten, err := TenMeasurements()
	if err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	pair, err := digits.Select(3, 8)
	if err != nil {
		return nil, err
	}
	threes, err := pair.Logistic()
	if err != nil {
		return nil, err
	}
	threes.DType, threes.Ridge = ten.DType, 0.01
	least, err := threes.Optimum()
	if err != nil {
		return nil, err
	}
	floor := threes.Value(least)
	xs, ys := problem.Lecturer().Sample(200, 0.01, 1)
	net, err := problem.NewNet(problem.MLP{Sizes: []int{1, 20, 1}, DType: ten.DType}, problem.NewPoints(xs, ys))
	if err != nil {
		return nil, err
	}
	return []Task{
		{Name: "least squares", Batch: 16, Problem: ten.LeastSquares, Left: "excess loss", Value: ten.Excess, Study: ten},
		{Name: "digits 3 and 8", Batch: 16, Problem: threes, Left: "excess loss", Value: func(theta []float64) float64 { return threes.Value(theta) - floor }},
		{Name: "ReLU net", Batch: 16, Problem: net, Left: "loss", Start: from(problem.SpreadElbows(xs), net.Sizes),
			Value: func(theta []float64) (loss float64) {
				for i, x := range xs {
					d := net.Output(theta, []float64{x})[0] - ys[i]
					loss += d * d / float64(2*len(xs))
				}
				return loss
			}},
	}, nil
}

// Optimizers (claim H3) are those that are compared; GD takes all examples at every step, the others batches.
var Optimizers = append([]string{"GD"}, optim.Names()...)

// Score (claim H3) is an optimizer on a task at its best rate.
type Score struct {
	Task, Optimizer string
	Left            string        // what is left, in words: that of the task
	Search          RateSearch    // of the rate, by the mean of what is left over some seeds
	Excess          stat.Interval // what is left at the best rate, over other seeds than those that chose it; +Inf if one diverged
	Predicted       float64       // the same by theory, exact, for GD and SGD on least squares; else NaN
	Memory          float64       // the part of Predicted that is left of the start; the rest is noise
}

// OptimizerSettings are those of CompareOptimizers.
type OptimizerSettings struct {
	Rates  func(optimizer string) []float64 // learning rates to try first
	Cosine bool                             // the rate falls to 0 along a cosine; else it is constant
	Steps  int                              // on batches; gradient descent makes as many as see the same number of examples
	Chosen int                              // runs at each rate that choose the best
	Seeds  int                              // other runs at the best rate
}

// DrawOptimizers shows what each optimizer leaves on each task as a multiple of what SGD leaves, the tasks side by side. The scores are
// those of CompareOptimizers.
func DrawOptimizers(scores []*Score) *figure.Figure {
	fig := figure.New("What each rule leaves, at its best rate (mean and 95 %)", figure.X("update rule").Categories(Optimizers...), figure.LogY("what is left ÷ what SGD leaves"))
	for of := range slices.Chunk(scores, len(Optimizers)) {
		unit := of[slices.Index(Optimizers, "SGD")].Excess.Value
		fig.ConfidenceIntervals(of[0].Task+", "+of[0].Left, nil, figure.Each(of, func(s *Score) stat.Interval { return s.Excess.Scaled(1 / unit) }))
	}
	return fig.HLine(1, "as good as SGD")
}

// OptimizerTable is a row for each optimizer and a column for each task, for lab.Table.
func OptimizerTable(scores []*Score) (header []string, rows [][]string) {
	header = []string{"optimizer"}
	for i, s := range scores {
		k := i % len(Optimizers)
		if k == 0 {
			header = append(header, s.Task+", "+s.Left)
		}
		if i == k {
			rows = append(rows, []string{s.Optimizer})
		}
		rows[k] = append(rows[k], fmt.Sprintf("%s (%s) at η = %.2g", two(s.Excess.Value), s.Excess.Ends("%.2g"), s.Search.Rate()))
	}
	return header, rows
}

// CompareOptimizers (claim H3) trains every optimizer on each task at its first rates and at more, until the best has worse ones on both
// sides, and then at that rate from other seeds. It is an error when a setting cannot be, and when a run fails.
func CompareOptimizers(ctx context.Context, tasks []Task, settings OptimizerSettings) ([]*Score, error) {
	if err := counts("Steps", settings.Steps, "Chosen", settings.Chosen, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	var contenders []*contender
	var first [][]float64
	for _, task := range tasks {
		sampler, err := sample.WithReplacement(task.Batch)
		if err != nil {
			return nil, err
		}
		for _, name := range Optimizers {
			t, err := NewTrainer(task.Problem, name, train.Record{})
			if err != nil {
				return nil, err
			}
			defer t.Close()
			c := &contender{task, name, t, train.Config{Steps: settings.Steps, Stride: settings.Steps}, settings.Cosine}
			if name == "GD" {
				c.base.Steps = max(1, settings.Steps*task.Batch/task.Problem.Data()[0].Shape().Dim(0))
				c.base.Stride = c.base.Steps
			} else {
				c.base.Sampler = sampler
			}
			contenders, first = append(contenders, c), append(first, settings.Rates(name))
		}
	}
	searches, err := searchRates(first, func(i int) int { return contenders[i].refinements() }, func(rates [][]float64) ([][]float64, error) {
		ends, err := race(ctx, contenders, rates, 101, settings.Chosen)
		return figure.Each(ends, func(of [][]float64) []float64 { return figure.Column(of, mean) }), err
	})
	if err != nil {
		return nil, err
	}
	ends, err := race(ctx, contenders, figure.Each(searches, func(r RateSearch) []float64 { return []float64{r.Rate()} }), 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	var scores []*Score
	for i, c := range contenders {
		s := &Score{Task: c.task.Name, Left: c.task.Left, Optimizer: c.name, Search: searches[i], Excess: beyond}
		if s.Predicted, s.Memory, err = c.predict(s.Search.Rate()); err != nil {
			return nil, err
		}
		if math.IsInf(floats.Max(ends[i][0]), 1) {
			scores = append(scores, s)
			continue
		}
		if s.Excess, err = stat.MeanOverRuns(ends[i][0], Confidence); err != nil {
			return nil, err
		}
		scores = append(scores, s)
	}
	return scores, nil
}

// race runs each contender at its rates from the seeds and returns the final losses, [contenders][rates][seeds]. All are in one sweep: while
// one program is compiled, another runs.
func race(ctx context.Context, contenders []*contender, rates [][]float64, first, seeds int) ([][][]float64, error) {
	var setups []setup
	for i, c := range contenders {
		of, err := c.setups(rates[i])
		if err != nil {
			return nil, err
		}
		setups = append(setups, of...)
	}
	ends := make([][][]float64, len(contenders))
	if len(setups) == 0 {
		return ends, nil
	}
	histories, err := sweep(ctx, setups, first, seeds)
	if err != nil {
		return nil, err
	}
	for i, c := range contenders {
		for range rates[i] {
			ends[i], histories = append(ends[i], c.ends(histories[0])), histories[1:]
		}
	}
	return ends, nil
}

// A contender is an optimizer on a task.
type contender struct {
	task    Task
	name    string // of the optimizer
	trainer *train.Trainer
	base    train.Config
	cosine  bool
}

// refinements is how often the search for its rate is refined: once for rules on batches, whose few runs tell no rates apart that are nearer, and more often
// for gradient descent from one start, which has no noise.
func (c *contender) refinements() int {
	if c.name == "GD" && c.task.Start == nil {
		return 4
	}
	return 1
}

// setups are its runs at the rates.
func (c *contender) setups(rates []float64) ([]setup, error) {
	setups := atRates(c.trainer, c.base, rates)
	for i := range setups {
		setups[i].start = c.task.Start
		if c.cosine {
			var err error
			if setups[i].config.Schedule, err = c.schedule(rates[i]); err != nil {
				return nil, err
			}
			setups[i].config.LearningRate = 0
		}
	}
	return setups, nil
}

// schedule is the one from a rate on.
func (c *contender) schedule(rate float64) (schedule.Schedule, error) {
	if c.cosine {
		return schedule.Cosine(rate, 0, c.base.Steps)
	}
	return schedule.Constant(rate)
}

// predict is what theory says of the contender at a rate: what is left, and which part of it is left of the start.
func (c *contender) predict(rate float64) (left, start float64, err error) {
	study := c.task.Study
	if study == nil || c.name != "GD" && c.name != "SGD" {
		return math.NaN(), math.NaN(), nil
	}
	eta, err := c.schedule(rate)
	if err != nil {
		return 0, 0, err
	}
	if c.name == "GD" {
		excess := 0.0
		for i, e := range study.Descent.Components(study.Start) {
			for t := range c.base.Steps {
				e *= theory.Factor(eta.At(t), study.Descent.Lambda[i])
			}
			excess += study.Descent.Lambda[i] * e * e / 2
		}
		return excess, excess, nil
	}
	sgd, err := study.SGD(c.task.Batch)
	if err != nil {
		return 0, 0, err
	}
	end := sgd.After(eta.At, study.Start, c.base.Steps)
	return end.Loss - sgd.Floor, study.Excess(end.Mean), nil
}

// ends are the final losses less the floor; +Inf of a run that diverged.
func (c *contender) ends(histories []*train.History) []float64 {
	ends := make([]float64, len(histories))
	for i, h := range histories {
		ends[i] = math.Inf(1)
		if _, diverged := h.Diverged(); !diverged {
			ends[i] = max(c.task.Value(h.Final), 1e-16) // below it is rounding
		}
	}
	return ends
}
