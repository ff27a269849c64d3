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
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// A Task (claim H3) is a problem on which optimizers are compared.
type Task struct {
	Name    string
	Batch   int
	Problem problem.Problem
	Start   func(seed int) map[string]any // nil: the problem's own
	Value   func(theta []float64) float64 // the loss over all examples less the least one, where that is known
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
		{Name: "least squares", Batch: 16, Problem: ten.LeastSquares, Value: ten.Excess, Study: ten},
		{Name: "digits 3 and 8", Batch: 16, Problem: threes, Value: func(theta []float64) float64 { return threes.Value(theta) - floor }},
		{Name: "ReLU net", Batch: 16, Problem: net, Start: from(problem.SpreadElbows(xs), net.Sizes),
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

// Score (claim H3) is an optimizer on a task at the best of some rates.
type Score struct {
	Task, Optimizer string
	Rates           []float64
	Each            []float64     // the mean of L(θ_T) less the floor over seeds, at each rate; +Inf if a run diverged
	Best            int           // of the rates
	Excess          stat.Interval // at that rate, over other seeds than those that chose it; +Inf if one diverged
	Predicted       float64       // the same by theory, exact, for GD and SGD on least squares; else NaN
}

// OptimizerSettings are those of CompareOptimizers.
type OptimizerSettings struct {
	Rates func(optimizer string) []float64 // learning rates to choose from
	Steps int                              // on batches; gradient descent makes as many as see the same number of examples
	Seeds int                              // runs at the best rate; four others choose it
}

// DrawOptimizers shows the excess loss of each optimizer on each task, SGD's being 1. The scores are those of CompareOptimizers.
func DrawOptimizers(scores []*Score) *figure.Figure {
	fig := figure.New("At equal cost, each rule at its own best rate", figure.X("optimizer").Categories(Optimizers...), figure.LogY("loss above the least, SGD's = 1"))
	for of := range slices.Chunk(scores, len(Optimizers)) {
		unit := of[slices.Index(Optimizers, "SGD")].Excess.Value
		fig.ConfidenceIntervals(of[0].Task, nil, figure.Each(of, func(s *Score) stat.Interval { return s.Excess.Scaled(1 / unit) }))
	}
	return fig
}

// OptimizerTable is a row for each optimizer and a column for each task, for lab.Table.
func OptimizerTable(scores []*Score) (header []string, rows [][]string) {
	header = []string{"optimizer"}
	for i, s := range scores {
		k := i % len(Optimizers)
		if k == 0 {
			header = append(header, s.Task)
		}
		if i == k {
			rows = append(rows, []string{s.Optimizer})
		}
		rows[k] = append(rows[k], fmt.Sprintf("%s at η = %g", two(s.Excess.Value), s.Rates[s.Best]))
	}
	return header, rows
}

// CompareOptimizers (claim H3) trains every optimizer on each task at each rate with four seeds, and at its best rate with others.
// It is an error when a setting cannot be, and when a run fails.
func CompareOptimizers(ctx context.Context, tasks []Task, settings OptimizerSettings) ([]*Score, error) {
	if err := counts("Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	var scores []*Score
	var contenders []contender
	var setups []setup // all in one sweep: while one program is compiled, another runs
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
			c := contender{task, t, train.Config{Steps: settings.Steps, Stride: settings.Steps}}
			if name == "GD" {
				c.base.Steps = max(1, settings.Steps*task.Batch/task.Problem.Data()[0].Shape().Dim(0))
				c.base.Stride = c.base.Steps
			} else {
				c.base.Sampler = sampler
			}
			rates := settings.Rates(name)
			contenders, setups = append(contenders, c), append(setups, c.setups(rates)...)
			scores = append(scores, &Score{Task: task.Name, Optimizer: name, Rates: rates})
		}
	}
	histories, err := sweep(ctx, setups, 101, 4)
	if err != nil {
		return nil, err
	}
	setups = nil
	for i, s := range scores {
		for k := range s.Rates {
			ends := contenders[i].ends(histories[k])
			s.Each = append(s.Each, floats.Sum(ends)/float64(len(ends)))
			if s.Each[k] < s.Each[s.Best] {
				s.Best = k
			}
		}
		histories = histories[len(s.Rates):]
		setups = append(setups, contenders[i].setups(s.Rates[s.Best:s.Best+1])...)
	}
	if histories, err = sweep(ctx, setups, 1, settings.Seeds); err != nil {
		return nil, err
	}
	for i, s := range scores {
		if s.Predicted, err = contenders[i].predict(s); err != nil {
			return nil, err
		}
		ends := contenders[i].ends(histories[i])
		if math.IsInf(floats.Max(ends), 1) {
			s.Excess = beyond
		} else if s.Excess, err = stat.MeanOverRuns(ends, Confidence); err != nil {
			return nil, err
		}
	}
	return scores, nil
}

// A contender is an optimizer on a task.
type contender struct {
	task    Task
	trainer *train.Trainer
	base    train.Config
}

// setups are its runs at the rates.
func (c contender) setups(rates []float64) []setup {
	setups := atRates(c.trainer, c.base, rates)
	for i := range setups {
		setups[i].start = c.task.Start
	}
	return setups
}

// predict is what theory says of the score.
func (c contender) predict(s *Score) (float64, error) {
	study, eta := c.task.Study, s.Rates[s.Best]
	switch {
	case study != nil && s.Optimizer == "GD":
		return study.Descent.Loss(eta, study.Start, c.base.Steps) - study.Descent.Floor, nil
	case study != nil && s.Optimizer == "SGD":
		sgd, err := study.SGD(c.task.Batch)
		if err != nil {
			return 0, err
		}
		return last(sgd.Moments(func(int) float64 { return eta }, study.Start, c.base.Steps)).Loss - sgd.Floor, nil
	}
	return math.NaN(), nil
}

// ends are the final losses less the floor; +Inf of a run that diverged.
func (c contender) ends(histories []*train.History) []float64 {
	ends := make([]float64, len(histories))
	for i, h := range histories {
		ends[i] = math.Inf(1)
		if _, diverged := h.Diverged(); !diverged {
			ends[i] = max(c.task.Value(h.Final), 1e-16) // below it is rounding
		}
	}
	return ends
}
