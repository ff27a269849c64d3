package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Schedules (claim H2) are one of every kind, for a run of so many steps whose greatest rate is eta. It is an error when steps or eta
// cannot be.
func Schedules(eta float64, steps int) ([]NamedSchedule, error) {
	if err := counts("Steps", steps); err != nil {
		return nil, err
	}
	var all []NamedSchedule
	var first error
	add := func(name string, s schedule.Schedule, err error) {
		if err != nil && first == nil {
			first = fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, NamedSchedule{Name: name, Schedule: s})
	}
	part := func(f float64) int { return max(1, int(f*float64(steps))) }
	s, err := schedule.Constant(eta)
	add("constant", s, err)
	s, err = schedule.Step(eta, 0.3, part(0.25))
	add("step", s, err)
	s, err = schedule.Piecewise([]float64{eta, eta / 4, eta / 40}, []int{part(0.5), part(0.5) + part(0.3)})
	add("piecewise", s, err)
	s, err = schedule.OneOverT(eta)
	add("1/t", s, err)
	s, err = schedule.OneOverSqrtT(eta)
	add("1/√t", s, err)
	s, err = schedule.InverseTime(eta, float64(part(0.1)), 1)
	add("inverse time", s, err)
	s, err = schedule.Exponential(eta, 0.01, steps)
	add("exponential", s, err)
	s, err = schedule.Polynomial(eta, 0, 2, steps)
	add("polynomial", s, err)
	s, err = schedule.Linear(eta, 0, steps)
	add("linear", s, err)
	cosine, err := schedule.Cosine(eta, 0, steps)
	add("cosine", cosine, err)
	s, err = schedule.WarmRestarts(eta, 0, max(1, (steps+6)/7), 2)
	add("restarts", s, err)
	rest, err := schedule.Cosine(eta, 0, max(1, steps-part(0.1)))
	if err == nil {
		s, err = schedule.WarmUp(0, part(0.1), rest)
	}
	add("warm-up", s, err)
	s, err = schedule.OneCycle(eta/10, eta, eta/1000, part(0.45), part(0.45), part(0.1))
	add("one-cycle", s, err)
	s, err = schedule.Constant(eta)
	add("plateau", s, err)
	if first != nil {
		return nil, first
	}
	// A batch's loss is noisy: only after many steps without a new record has it stopped falling.
	p, err := schedule.ReduceOnPlateau(0.5, part(0.08), 0, 0, 1e-3)
	if err != nil {
		return nil, err
	}
	all[len(all)-1].Plateau = p
	return all, nil
}

// ScheduleScore (claim H2) is a schedule's run, at the best of some greatest rates.
type ScheduleScore struct {
	NamedSchedule
	Rate      float64       // the best of the rates, by theory, or for reduce-on-plateau by six other runs at each
	Excess    stat.Interval // measured E[L(θ_T)] − L(θ*) over seeds at that rate; +Inf if a run diverged
	Predicted float64       // the same by theory, exact; NaN for reduce-on-plateau, whose rate depends on the run
	Each      []float64     // of every greatest rate, what theory says, or for reduce-on-plateau the runs
	Rates     []float64     // η_t of the run, or of its first seed, at the recorded steps
	Step      []int
}

// CompareSchedules (claim H2) trains under every schedule, at that of the rates which theory says is best for it. It is an error when
// a setting cannot be, and when a run fails.
func CompareSchedules(ctx context.Context, backend compute.Backend, s *Study, grid Grid) ([]*ScheduleScore, error) {
	if err := counts("Steps", grid.Steps, "Seeds", grid.Seeds); err != nil {
		return nil, err
	}
	sgd, sampler, err := s.batches(grid.Batch)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Rate: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	run := func(named NamedSchedule, seeds []int64) (*train.History, stat.Interval, error) {
		histories, err := sweep(ctx, []setup{{trainer: t, config: train.Config{Schedule: named.Schedule, Plateau: named.Plateau,
			Sampler: sampler, Steps: grid.Steps, Stride: max(1, grid.Steps/100)}}}, seeds, nil)
		if err != nil {
			return nil, stat.Interval{}, err
		}
		var ends []float64
		for _, h := range histories[0] {
			if _, diverged := h.Diverged(); diverged {
				return histories[0][0], beyond, nil
			}
			ends = append(ends, s.Excess(h.Final))
		}
		mean, err := stat.MeanOverRuns(ends, Confidence)
		return histories[0][0], mean, err
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
			c, excess := scores[i], math.Inf(1)
			if named.Plateau.On() { // theory is silent; the rate is chosen on other seeds than those that judge it
				_, measured, err := run(named, []int64{101, 102, 103, 104, 105, 106})
				if err != nil {
					return nil, err
				}
				if c.Each = append(c.Each, measured.Value); measured.Value <= floats.Min(c.Each) {
					c.NamedSchedule, c.Rate = named, rate
				}
				continue
			}
			for _, m := range sgd.Moments(named.Schedule.At, s.Start, grid.Steps) {
				excess = m.Loss - sgd.Floor
			}
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
		h, excess, err := run(c.NamedSchedule, Seeds(grid.Seeds))
		if err != nil {
			return nil, err
		}
		c.Excess, c.Step, c.Rates = excess, h.Step, h.Rate
	}
	return scores, nil
}
