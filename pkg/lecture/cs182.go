package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/grid"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// CS182Score (claim H3) is one width under one optimizer in CS182's sweep, over all seeds.
type CS182Score struct {
	Net       problem.MLP
	Width     int
	Optimizer string
	Rate      float64     // learning rate, for the loss ½(f(x) − y)²
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
	// Rates are the searches whose best learning rates the optimizers take, by their names; one without a search takes the course's rate.
	Rates map[string]RateSearch
}

// best is the run with the least loss.
func (s CS182Score) best() int { return floats.MinIdx(s.Losses) }

// String says in a line what the nets have come to.
func (s CS182Score) String() string {
	return fmt.Sprintf("width %d, %-18s median error %.1e, best %.1e, worst %.1e", s.Width, fmt.Sprintf("%s at η = %.2g:", s.Optimizer, s.Rate),
		Quantile(s.Losses, 0.5), s.Losses[s.best()], Quantile(s.Losses, 1))
}

// byWidth are the scores of each width, in the order in which they stand in the sweep.
func byWidth(scores []CS182Score) (of [][]CS182Score) {
	for i, s := range scores {
		if i == 0 || s.Width != scores[i-1].Width {
			of = append(of, nil)
		}
		of[len(of)-1] = append(of[len(of)-1], s)
	}
	return of
}

// DrawErrors shows the error of every net, a panel for each width: the nets of a rule stand in the order of their errors, each at the fraction of
// nets that are no worse.
func DrawErrors(scores []CS182Score) *figure.Figure {
	lo, hi := math.Inf(1), 0.0
	for _, s := range scores {
		lo, hi = min(lo, s.Losses[s.best()]), max(hi, Quantile(s.Losses, 0.99))
	}
	return figure.Row(figure.Each(byWidth(scores), func(of []CS182Score) *figure.Figure {
		fig := figure.New(fmt.Sprintf("%d hidden units", of[0].Width), figure.LogX("mean square error").Range(lo/1.5, min(hi, 10)*1.5),
			figure.Y("fraction of the nets").Range(0, 1.03)).HLine(0.5, "half of the nets")
		for _, s := range of {
			sorted := slices.Sorted(slices.Values(s.Losses))
			sorted = slices.DeleteFunc(sorted, func(loss float64) bool { return math.IsInf(loss, 1) })
			share := make([]float64, len(sorted))
			for k := range share {
				share[k] = float64(k+1) / float64(len(s.Losses))
			}
			if len(sorted) > 0 {
				fig.Points(s.Optimizer, sorted, share)
			}
		}
		return fig
	})...)
}

// DrawMedianNets shows, for each width, the target and the net of median error of each optimizer.
func DrawMedianNets(scores []CS182Score) *figure.Figure {
	xs, ys := problem.Lecturer().Grid(401)
	const thick = 0.08 // half of the band under the nets that makes the target seen
	beside := func(by float64) []float64 { return figure.Column(ys, func(y float64) float64 { return y + by }) }
	var panels []*figure.Figure
	lo, hi := floats.Min(ys), floats.Max(ys)
	for _, of := range byWidth(scores) {
		fig := figure.New(fmt.Sprintf("%d hidden units", of[0].Width), figure.X("x"), figure.Y("median net f(x)").Range(lo-0.3*(hi-lo), hi+0.3*(hi-lo))).
			TheoryBand("target", xs, beside(-thick), beside(thick)).
			Theory("target", xs, ys)
		for _, s := range of {
			median := Quantile(s.Losses, 0.5)
			if math.IsInf(median, 1) { // most nets diverged
				continue
			}
			theta := s.Final[slices.Index(s.Losses, median)]
			fig.Line(s.Optimizer, xs, figure.Column(xs, func(x float64) float64 { return s.Net.Output(theta, []float64{x})[0] }))
		}
		panels = append(panels, fig)
	}
	return figure.Row(panels...)
}

// CS182Table is a row for each width and optimizer, for lab.Table.
func CS182Table(scores []CS182Score) (header []string, rows [][]string) {
	for _, s := range scores {
		rows = append(rows, []string{fmt.Sprint(s.Width), s.Optimizer, fmt.Sprintf("%.2g", s.Rate), fmt.Sprintf("%.1e", Quantile(s.Losses, 0.5)),
			fmt.Sprintf("%.1e … %.1e", Quantile(s.Losses, 0.25), Quantile(s.Losses, 0.75)), fmt.Sprintf("%.1e", s.Losses[s.best()]), fmt.Sprintf("%.1e", Quantile(s.Losses, 1))})
	}
	return []string{"width", "rule", "$\\eta$", "median error", "quartiles", "best", "worst"}, rows
}

// CS182Rates (claim H3) finds the best learning rate of each optimizer for nets of a width: of four runs at each rate the median error on
// 200 points that they have not learned from decides. It has the errors of CS182.
func CS182Rates(ctx context.Context, settings CS182Settings, width int, first []float64) (map[string]RateSearch, error) {
	target := problem.Lecturer()
	xs, ys := target.Sample(200, 0.01, 2)
	optimizers := settings.Optimizers
	searches, err := searchRates(slices.Repeat([][]float64{first}, len(optimizers)), always(1), func(rates [][]float64) ([][]float64, error) {
		var tried []grid.Run
		for i, of := range rates {
			for _, rate := range of {
				tried = append(tried, grid.Run{Width: width, Optimizer: optimizers[i], Rate: rate})
			}
		}
		each := make([][]float64, len(rates))
		if len(tried) == 0 {
			return each, nil
		}
		const seeds = 4
		runs, err := seeded(tried, 101, seeds)
		if err != nil {
			return nil, err
		}
		nets, histories, err := cs182(ctx, settings.Steps, runs)
		if err != nil {
			return nil, err
		}
		for i, of := range rates {
			for range of {
				losses := figure.Column(histories[:seeds], func(h *train.History) float64 { return squareError(nets[0], h, xs, ys) })
				each[i], histories, nets = append(each[i], Quantile(losses, 0.5)), histories[seeds:], nets[seeds:]
			}
		}
		return each, nil
	})
	if err != nil {
		return nil, err
	}
	best := map[string]RateSearch{}
	for i, name := range optimizers {
		best[name] = searches[i]
	}
	return best, nil
}

// CS182Batch is how many examples are in a batch of the sweep.
const CS182Batch = 40

// CS182 (claim H3) is the sweep that discussion 3 of Berkeley's course CS182 (spring 2025) trains, or rather loads, because it takes
// PyTorch 35 minutes: nets of one hidden layer on 200 noisy points of the piecewise linear target, with batches
// drawn with replacement and the elbows' start spread over the data. Without Rates all rules have the course's rate, 0.02. It is an
// error when a setting cannot be, and when a run fails.
func CS182(ctx context.Context, settings CS182Settings) ([]CS182Score, error) {
	var contenders []grid.Run
	for _, width := range settings.Widths {
		for _, name := range settings.Optimizers {
			// PyTorch's loss is twice ours: its rate 0.02 is our 0.04. Adam does not care for the loss's scale.
			rate := 0.04
			if search, own := settings.Rates[name]; own {
				rate = search.Rate()
			} else if strings.EqualFold(name, "Adam") {
				rate = 0.02
			}
			contenders = append(contenders, grid.Run{Width: width, Optimizer: name, Rate: rate})
		}
	}
	runs, err := seeded(contenders, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	nets, histories, err := cs182(ctx, settings.Steps, runs)
	if err != nil {
		return nil, err
	}
	var scores []CS182Score
	gx, gy := problem.Lecturer().Grid(1001)
	for i, c := range contenders {
		s := CS182Score{Net: nets[i*settings.Seeds], Width: c.Width, Optimizer: c.Optimizer, Rate: c.Rate}
		for _, h := range histories[i*settings.Seeds : (i+1)*settings.Seeds] {
			s.Step = h.Step
			s.Curve = append(s.Curve, figure.Column(h.Loss, func(loss float64) float64 { return 2 * loss }))
			s.Final, s.Losses = append(s.Final, h.Final), append(s.Losses, squareError(s.Net, h, gx, gy))
		}
		scores = append(scores, s)
	}
	return scores, nil
}

// seeded are runs of each setting from each of a number of seeds that begin with first, [settings × seeds]. It is an error when there
// is no seed.
func seeded(settings []grid.Run, first, seeds int) (runs []grid.Run, err error) {
	if err := counts("Seeds", seeds); err != nil {
		return nil, err
	}
	for _, s := range settings {
		for s.Seed = first; s.Seed < first+seeds; s.Seed++ {
			runs = append(runs, s)
		}
	}
	return runs, nil
}

// cs182 does the runs, and returns the net and the history of each.
func cs182(ctx context.Context, steps int, runs []grid.Run) (nets []problem.MLP, histories []*train.History, err error) {
	if err := counts("Steps", steps); err != nil {
		return nil, nil, err
	}
	xs, ys := problem.Lecturer().Sample(200, 0.01, 1)
	sampler, err := sample.WithReplacement(CS182Batch)
	if err != nil {
		return nil, nil, err
	}
	data, start := problem.NewPoints(xs, ys), problem.SpreadElbows(xs)
	trainers := map[grid.Run]*train.Trainer{} // of a width and an optimizer: their rates and seeds compile once
	var jobs []train.Job
	for _, run := range runs {
		net, err := problem.NewNet(problem.MLP{Sizes: []int{1, run.Width, 1}}, data)
		if err != nil {
			return nil, nil, fmt.Errorf("%v: %w", run, err)
		}
		key := grid.Run{Width: run.Width, Optimizer: run.Optimizer}
		t := trainers[key]
		if t == nil {
			if t, err = NewTrainer(net, run.Optimizer, train.Record{}); err != nil {
				return nil, nil, fmt.Errorf("%v: %w", run, err)
			}
			defer t.Close()
			trainers[key] = t
		}
		jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{LearningRate: run.Rate, Sampler: sampler, Steps: steps,
			Stride: max(1, steps/10), Seed: run.Seed, Start: start(net.Sizes, run.Seed).Start()}})
		nets = append(nets, net.MLP)
	}
	if histories, err = train.Sweep(ctx, jobs, 0, nil); err != nil {
		return nil, nil, fmt.Errorf("the sweep: %w", err)
	}
	return nets, histories, nil
}

// RunGrid (claim H3) does runs of a grid on CS182's exercise, and returns their results in the order of the runs. A run's result
// does not depend on which others are done with it. It is an error when a run's setting cannot be, when the steps are not
// positive, and when a run fails.
func RunGrid(ctx context.Context, steps int, runs []grid.Run) ([]grid.Result, error) {
	if err := counts("steps", steps); err != nil {
		return nil, err
	}
	nets, histories, err := cs182(ctx, steps, runs)
	if err != nil {
		return nil, err
	}
	gx, gy := problem.Lecturer().Grid(1001)
	results := make([]grid.Result, len(runs))
	for i, h := range histories {
		results[i].Run = runs[i]
		if step, yes := h.Diverged(); yes {
			results[i].Diverged = max(1, step)
		} else {
			results[i].Error = squareError(nets[i], h, gx, gy)
		}
	}
	return results, nil
}

// squareError is a run's mean square error on points, +Inf where it diverged.
func squareError(net problem.MLP, h *train.History, xs, ys []float64) (square float64) {
	if _, diverged := h.Diverged(); diverged {
		return math.Inf(1)
	}
	for k, x := range xs {
		d := net.Output(h.Final, []float64{x})[0] - ys[k]
		square += d * d / float64(len(xs))
	}
	return square
}
