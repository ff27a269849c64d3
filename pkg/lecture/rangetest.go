package lecture

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// RangeTest (claim H2) is a learning-rate range test: short runs whose rate grows at every step until they diverge.
type RangeTest struct {
	Rates  []float64   // η_t
	Runs   [][]float64 // the loss over all examples of each run, less the least one, at the same steps
	Expect []float64   // E[L(θ_t)] − L(θ*) by theory, exact
	Lowest float64     // the rate at which Expect is least
	Seen   float64     // the rate at which the first run's loss is least
}

// RangeSettings are those of TestRange.
type RangeSettings struct {
	Schedule schedule.Schedule
	Batch    int // examples in a batch, drawn with replacement
	Steps    int
	Seeds    int
}

// TestRange (claim H2) runs SGD on the study under a growing rate, Smith's a linear one, later practice one that grows by the same factor at every step. It is an error when a setting cannot be, and when a run fails.
//
// Source: L. Smith (2017), "Cyclical Learning Rates for Training Neural Networks", WACV, section 3.3.
func TestRange(ctx context.Context, s *Study, settings RangeSettings) (*RangeTest, error) {
	steps := settings.Steps
	ahead, err := Ahead(s, "range test", settings.Schedule, settings.Batch, steps)
	if err != nil {
		return nil, err
	}
	_, sampler, err := s.batches(settings.Batch)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{FullLoss: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	config := train.Config{Schedule: settings.Schedule, Sampler: sampler, Steps: steps}
	histories, err := sweep(ctx, []setup{{trainer: t, config: config}}, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	r := &RangeTest{Rates: ahead.Rate, Expect: ahead.Excess[:steps], Lowest: ahead.lowest()}
	for _, h := range histories[0] {
		run := make([]float64, steps)
		for k := range run {
			if run[k] = math.Inf(1); k < len(h.FullLoss) {
				run[k] = h.FullLoss[k] - s.Descent.Floor
			}
		}
		r.Runs = append(r.Runs, run)
	}
	r.Seen = r.Rates[floats.MinIdx(r.Runs[0])]
	return r, nil
}

// Draw shows the losses over the rate, with the rate of the least loss and the best ones for a budget.
func (r *RangeTest) Draw(b Budget) *figure.Figure {
	const most = 10
	fig := figure.New("Learning-rate range test", figure.LogX("learning rate η_t, which grows at every step"), figure.LogY("loss, L(θ) − L(θ*)").Range(3e-3, most))
	until := func(losses []float64) int { // they leave the axis
		k := len(losses)
		for k > 1 && !(losses[k-1] <= most) {
			k--
		}
		return k
	}
	k := until(r.Expect)
	fig.Theory("expected, exact", r.Rates[:k], r.Expect[:k])
	if len(r.Runs) > 0 {
		k = until(r.Runs[0])
		fig.Line("one run", r.Rates[:k], r.Runs[0][:k])
	}
	best := func(what string) string { return fmt.Sprintf("best %s, %d steps", what, b.Steps) }
	return fig.VLine(b.Constant.Rate(), best("constant")).VLine(r.Lowest, "least expected").
		VLine(r.Seen, "least of this run").VLine(b.Cosine.Rate(), best("cosine"))
}

// Budget (claim H2) is what is the best rate for a number of steps.
type Budget struct {
	Steps            int
	Constant, Cosine RateSearch // of a constant rate, and of a cosine from a greatest rate to 0
	Lowest           float64    // what a range test of as many steps, from 10⁻⁴ to 3, says by theory
}

// BestRates (claim H2) finds the best rates for each budget by theory, without a run. It is an error when a setting cannot be.
func BestRates(s *Study, batch int, budgets ...int) ([]Budget, error) {
	sgd, err := s.SGD(batch)
	if err != nil {
		return nil, err
	}
	var all []Budget
	for _, steps := range budgets {
		if err := counts("Steps", steps); err != nil {
			return nil, err
		}
		shapes := []func(rate float64) (schedule.Schedule, error){schedule.Constant,
			func(rate float64) (schedule.Schedule, error) { return schedule.Cosine(rate, 0, steps) }}
		found, err := searchRates([][]float64{Ratios(0.001, 0.1, 2), Ratios(0.03, 0.3, 2)}, always(2), func(rates [][]float64) ([][]float64, error) {
			return atOnce(rates, func(i int, rate float64) (float64, error) {
				eta, err := shapes[i](rate)
				if err != nil {
					return 0, err
				}
				return s.left(sgd, eta, steps), nil
			})
		})
		if err != nil {
			return nil, err
		}
		ramp, err := schedule.Exponential(1e-4, 3e4, steps)
		if err != nil {
			return nil, err
		}
		ahead, err := Ahead(s, "range test", ramp, batch, steps)
		if err != nil {
			return nil, err
		}
		all = append(all, Budget{steps, found[0], found[1], ahead.lowest()})
	}
	return all, nil
}

// BudgetTable is a row for each budget, for lab.Table.
func BudgetTable(budgets []Budget) (header []string, rows [][]string) {
	for _, b := range budgets {
		rows = append(rows, []string{fmt.Sprint(b.Steps), fmt.Sprintf("%.2g", b.Lowest), fmt.Sprintf("%.2g", b.Constant.Rate()), hundredths(1000 * b.Constant.Least()),
			fmt.Sprintf("%.2g", b.Cosine.Rate()), hundredths(1000 * b.Cosine.Least())})
	}
	return []string{"steps", "range test: least loss at", "best constant rate", "excess loss × 1000", "best peak rate of a cosine", "excess loss × 1000"}, rows
}
