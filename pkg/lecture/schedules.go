package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Schedules (claim H2) are one of every kind, for a run of the given steps whose greatest rate is eta. It is an error when steps or eta
// cannot be.
func Schedules(eta float64, steps int) ([]NamedSchedule, error) {
	if err := counts("Steps", steps); err != nil {
		return nil, err
	}
	var first error
	named := func(name string) func(schedule.Schedule, error) NamedSchedule {
		return func(s schedule.Schedule, err error) NamedSchedule {
			if err != nil && first == nil {
				first = fmt.Errorf("%s: %w", name, err)
			}
			return NamedSchedule{Name: name, Schedule: s}
		}
	}
	part := func(f float64) int { return max(1, int(f*float64(steps))) }
	rest := named("warm-up")(schedule.Cosine(eta, 0, max(1, steps-part(0.1))))
	all := []NamedSchedule{
		named("constant")(schedule.Constant(eta)),
		named("step")(schedule.Step(eta, 0.3, part(0.25))),
		named("piecewise")(schedule.Piecewise([]float64{eta, eta / 4, eta / 40}, []int{part(0.5), part(0.5) + part(0.3)})),
		named("1/t")(schedule.OneOverT(eta)),
		named("1/√t")(schedule.OneOverSqrtT(eta)),
		named("inverse time")(schedule.InverseTime(eta, float64(part(0.1)), 1)),
		named("exponential")(schedule.Exponential(eta, 0.01, steps)),
		named("polynomial")(schedule.Polynomial(eta, 0, 2, steps)),
		named("linear")(schedule.Linear(eta, 0, steps)),
		named("cosine")(schedule.Cosine(eta, 0, steps)),
		named("restarts")(schedule.WarmRestarts(eta, 0, max(1, (steps+6)/7), 2)),
		named("warm-up")(schedule.WarmUp(0, part(0.1), rest.Schedule)),
		named("one-cycle")(schedule.OneCycle(eta/10, eta, eta/1000, part(0.45), part(0.45), part(0.1))),
		named("plateau")(schedule.Constant(eta)),
	}
	if first != nil {
		return nil, first
	}
	// A batch's loss is noisy: only after many steps without a new record has it stopped falling.
	var err error
	all[len(all)-1].Plateau, err = schedule.ReduceOnPlateau(0.5, part(0.08), 0, 0, 1e-3)
	return all, err
}

// ScheduleScore (claim H2) is a schedule's run, at the best of some greatest rates.
type ScheduleScore struct {
	NamedSchedule
	Rate      float64       // the best of the rates, by theory, or for reduce-on-plateau by six other runs at each
	Excess    stat.Interval // measured E[L(θ_T)] − L(θ*) over seeds at that rate
	Predicted float64       // the same by theory, exact; NaN for reduce-on-plateau, whose rate depends on the run
	Each      []float64     // of every greatest rate, what theory says, or for reduce-on-plateau the runs
	Rates     []float64     // η_t of the run, or of its first seed, at the recorded steps
	Step      []int
}

// excessOf does a run from each of the seeds and returns the first, and the mean of the excess losses at their ends: +Inf if one diverged.
func (s *Study) excessOf(ctx context.Context, u setup, first int, seeds int) (*train.History, stat.Interval, error) {
	histories, err := sweep(ctx, []setup{u}, first, seeds)
	if err != nil {
		return nil, stat.Interval{}, err
	}
	var ends []float64
	for _, h := range histories[0] {
		end := s.Excess(h.Final)
		if _, diverged := h.Diverged(); diverged || end > hopeless {
			return histories[0][0], beyond, nil
		}
		ends = append(ends, end)
	}
	mean, err := stat.MeanOverRuns(ends, Confidence)
	return histories[0][0], mean, err
}

// hopeless is an excess loss of runs that grew without reaching the largest float.
const hopeless = 1e12

// DrawSchedules shows the rates of each run as parts of the greatest one.
func DrawSchedules(scores []*ScheduleScore) *figure.Figure {
	return figure.Grid(5, figure.Each(scores, func(c *ScheduleScore) *figure.Figure {
		return figure.New(c.Name, figure.X("step t"), figure.Y("η_t / η").Range(0, 1.1)).Line(fmt.Sprintf("η = %g", c.Rate),
			c.Step[:len(c.Rates)], figure.Column(c.Rates, func(eta float64) float64 { return eta / c.Rate }))
	})...)
}

// BestFirst are the scores by their excess loss.
func BestFirst(scores []*ScheduleScore) []*ScheduleScore {
	return slices.SortedStableFunc(slices.Values(scores), func(a, b *ScheduleScore) int { return cmp.Compare(a.Excess.Value, b.Excess.Value) })
}

// DrawScores shows what each schedule leaves, beside theory where that is known.
func DrawScores(scores []*ScheduleScore) *figure.Figure {
	names := figure.Each(scores, func(c *ScheduleScore) string { return c.Name })
	fig := figure.New("What is left after the budget", figure.X("schedule, at its best rate").Categories(names...), figure.LogY("E[L(θ)] − L(θ*) at the end"))
	var at []int
	var predicted []stat.Interval
	for i, c := range scores {
		if !math.IsNaN(c.Predicted) && !math.IsInf(c.Predicted, 0) {
			at, predicted = append(at, i), append(predicted, stat.Interval{Value: c.Predicted, Low: c.Predicted, High: c.Predicted})
		}
	}
	return fig.ConfidenceIntervals("theory, exact", at, predicted).
		ConfidenceIntervals("measured, 95 %", nil, figure.Each(scores, func(c *ScheduleScore) stat.Interval { return c.Excess }))
}

// ScheduleTable is a row for each schedule, for lab.Table.
func ScheduleTable(scores []*ScheduleScore) (header []string, rows [][]string) {
	for _, c := range scores {
		excess := c.Excess.Scaled(1000)
		rows = append(rows, []string{c.Name, fmt.Sprintf("%g", c.Rate), two(excess.Value), excess.Ends("%.2g"), two(1000 * c.Predicted)})
	}
	return []string{"schedule", "greatest $\\eta$", "excess loss × 1000", "95 % interval", "theory"}, rows
}

// CompareSchedules (claim H2) trains under every schedule, at that of the rates which theory says is best for it. It is an error when
// a setting cannot be, when a run fails, and when a schedule diverges at all of the rates.
func CompareSchedules(ctx context.Context, s *Study, grid Grid) ([]*ScheduleScore, error) {
	if err := counts("Seeds", grid.Seeds); err != nil {
		return nil, err
	}
	sgd, sampler, err := s.batches(grid.Batch)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Rate: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	run := func(named NamedSchedule, first int, seeds int) (*train.History, stat.Interval, error) {
		c := train.Config{Schedule: named.Schedule, Plateau: named.Plateau, Sampler: sampler, Steps: grid.Steps, Stride: max(1, grid.Steps/100)}
		return s.excessOf(ctx, setup{trainer: t, config: c}, first, seeds)
	}
	var scores []*ScheduleScore
	for _, rate := range grid.Rates {
		all, err := Schedules(rate, grid.Steps)
		if err != nil {
			return nil, err
		}
		for i, named := range all {
			if len(scores) == i {
				scores = append(scores, &ScheduleScore{NamedSchedule: named, Rate: rate, Predicted: math.NaN()})
			}
			c := scores[i]
			if named.Plateau.On() { // theory is silent; the rate is chosen on other seeds than those that judge it
				_, measured, err := run(named, 101, 6)
				if err != nil {
					return nil, err
				}
				if c.Each = append(c.Each, measured.Value); measured.Value <= floats.Min(c.Each) {
					c.NamedSchedule, c.Rate = named, rate
				}
				continue
			}
			excess := last(sgd.Moments(named.Schedule.At, s.Start, grid.Steps)).Loss - sgd.Floor
			if math.IsNaN(excess) {
				excess = math.Inf(1)
			}
			c.Each = append(c.Each, excess)
			if !(excess >= c.Predicted) {
				c.NamedSchedule, c.Rate, c.Predicted = named, rate, excess
			}
		}
	}
	for _, c := range scores {
		h, excess, err := run(c.NamedSchedule, 1, grid.Seeds)
		if err != nil {
			return nil, err
		}
		if math.IsInf(excess.Value, 1) {
			return nil, fmt.Errorf("%s diverges at the rate %g, the best for it of those given: give smaller rates", c.Name, c.Rate)
		}
		c.Excess, c.Step, c.Rates = excess, h.Step, h.Rate
	}
	return scores, nil
}
