package lecture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
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

// ScheduleScore (claim H2) is a schedule's run, at its best greatest rate.
type ScheduleScore struct {
	NamedSchedule
	Search    RateSearch    // of the greatest rate, by theory; for reduce-on-plateau by six runs at each, of other seeds than Excess
	Excess    stat.Interval // measured E[L(θ_T)] − L(θ*) over seeds at the best rate
	Ends      []float64     // L(θ_T) − L(θ*) of each seed, whose batches are the same for all schedules; none if one diverged
	Predicted float64       // the same by theory, exact; NaN for reduce-on-plateau, whose rate depends on the run
	Memory    float64       // the part of Predicted that is left of the start, L(E[θ_T]) − L(θ*); the rest is noise
	Rates     []float64     // η_t of the run, or of its first seed, at the recorded steps
	Step      []int
	Sum       float64 // Σ η_t over the run; of a plateau, about
	High      float64 // the part of the steps at more than half of the greatest rate
}

// endsOf does a run from each of the seeds and returns the first, and the excess losses at their ends: none if one diverged.
func (s *Study) endsOf(ctx context.Context, u setup, first int, seeds int) (*train.History, []float64, error) {
	histories, err := sweep(ctx, []setup{u}, first, seeds)
	if err != nil {
		return nil, nil, err
	}
	var ends []float64
	for _, h := range histories[0] {
		end := s.Excess(h.Final)
		if _, diverged := h.Diverged(); diverged || end > hopeless {
			return histories[0][0], nil, nil
		}
		ends = append(ends, end)
	}
	return histories[0][0], ends, nil
}

// meanEnd is the mean of the excess losses: +Inf if there are none because a run diverged.
func meanEnd(ends []float64) (stat.Interval, error) {
	if ends == nil {
		return beyond, nil
	}
	return stat.MeanOverRuns(ends, Confidence)
}

// hopeless is an excess loss of runs that grew without reaching the largest float.
const hopeless = 1e12

// kinds are the groups in which DrawSchedules shows the schedules.
var kinds = []struct {
	title string
	names []string
}{
	{"Powers of t", []string{"constant", "1/t", "1/√t", "inverse time"}}, {"Fall smoothly", []string{"polynomial", "exponential", "cosine", "linear"}},
	{"Fall in steps", []string{"step", "piecewise", "plateau"}}, {"Rise, too", []string{"warm-up", "one-cycle", "restarts"}},
}

// DrawSchedules shows the rates of each run, a panel for each kind of schedule, all on the same axes.
func DrawSchedules(scores []*ScheduleScore) *figure.Figure {
	var panels []*figure.Figure
	for _, kind := range kinds {
		var panel *figure.Figure
		for _, c := range scores {
			if !slices.Contains(kind.names, c.Name) {
				continue
			}
			steps := c.Step[len(c.Step)-1]
			if panel == nil {
				panel = figure.New(kind.title, figure.X("step t").Range(0, float64(steps)), figure.LogY("η_t").Range(leastRate, 1))
				panels = append(panels, panel)
			}
			rates := visible(c.Rates[:len(c.Rates)-1]) // the last one is that of the step after the run
			panel.Line(c.Name, c.Step[:len(rates)], rates)
		}
	}
	return figure.Grid(2, panels...)
}

// leastRate is the lower end of the axes of rates.
const leastRate = 1e-4

// visible are the rates that such an axis shows: those before the last ones below it, none of them below.
func visible(rates []float64) []float64 {
	for len(rates) > 1 && rates[len(rates)-1] < leastRate {
		rates = rates[:len(rates)-1]
	}
	return figure.Column(rates, func(eta float64) float64 { return max(eta, leastRate) })
}

// BestFirst are the scores by what theory expects them to leave. Those on which theory is silent come last: what sixteen runs leave says too little
// for a rank.
func BestFirst(scores []*ScheduleScore) []*ScheduleScore {
	left := func(c *ScheduleScore) float64 {
		if math.IsNaN(c.Predicted) {
			return math.Inf(1)
		}
		return c.Predicted
	}
	return slices.SortedStableFunc(slices.Values(scores), func(a, b *ScheduleScore) int { return cmp.Compare(left(a), left(b)) })
}

// DrawScores shows what each schedule leaves, as measured and as bars by theory, and which part of it is left of the start.
func DrawScores(scores []*ScheduleScore) *figure.Figure {
	names := figure.Each(scores, func(c *ScheduleScore) string { return c.Name })
	fig := figure.New("What is left after the budget", figure.X("schedule, at its best rate").Categories(names...), figure.Y("1000 × (L(θ) − L(θ*)) at the end"))
	edges, predicted, start := []float64{-0.5}, make([]float64, len(scores)), make([]float64, len(scores))
	for i, c := range scores {
		edges = append(edges, float64(i)+0.5)
		if !math.IsNaN(c.Predicted) && !math.IsInf(c.Predicted, 0) {
			predicted[i], start[i] = 1000*c.Predicted, 1000*c.Memory
		}
	}
	return fig.Bars("exact", edges, predicted).Bars("part due to the start, exact", edges, start).
		ConfidenceIntervals("measured, 95 %", nil, figure.Each(scores, func(c *ScheduleScore) stat.Interval { return c.Excess.Scaled(1000) }))
}

// RunByRun compares what two of the schedules leave, seed by seed, in words: runs of one seed see the same batches, so much of their errors
// cancels in the difference.
func RunByRun(scores []*ScheduleScore, a, b string) string {
	ends := func(name string) []float64 {
		if i := slices.IndexFunc(scores, func(c *ScheduleScore) bool { return c.Name == name }); i >= 0 {
			return scores[i].Ends
		}
		return nil
	}
	one, other := ends(a), ends(b)
	if len(one) == 0 || len(one) != len(other) {
		return fmt.Sprintf("%s and %s cannot be compared: a run diverged, or there is none.", a, b)
	}
	difference, err := paired(one, other)
	if err != nil {
		return err.Error()
	}
	difference = difference.Scaled(1000)
	return fmt.Sprintf("%s − %s, run by run on the same batches: %.2f/1000 (95 %%: %s).", a, b, difference.Value, difference.Ends("%.2f"))
}

// ScheduleTable is a row for each schedule, for lab.Table.
func ScheduleTable(scores []*ScheduleScore) (header []string, rows [][]string) {
	for _, c := range scores {
		rows = append(rows, []string{c.Name, fmt.Sprintf("%.2g", c.Search.Rate()), fmt.Sprintf("%.2g", c.Sum), fmt.Sprintf("%.0f %%", 100*c.High),
			fmt.Sprintf("%.2f", 1000*c.Excess.Value), c.Excess.Scaled(1000).Ends("%.2f"), hundredths(1000 * c.Predicted), hundredths(1000 * c.Memory)})
	}
	return []string{"schedule", "peak $\\eta$", "$\\sum\\eta_t$", "time above half the peak", "excess loss × 1000", "95 % interval", "exact", "part due to the start"}, rows
}

// hundredths writes a number with two decimals, or that there is none.
func hundredths(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.2f", x)
}

// Course (claim H2) is the loss under a schedule by theory, exact.
type Course struct {
	Name   string
	Rate   []float64 // η_t
	Excess []float64 // E[L(θ_t)] − L(θ*), for t = 0, 1, …, steps
	Memory []float64 // the part of it that is left of the start, L(E[θ_t]) − L(θ*)
}

// Ahead (claim H2) computes the course of SGD from the study's start without a run. It is an error when a setting cannot be.
func Ahead(s *Study, name string, eta schedule.Schedule, batch, steps int) (*Course, error) {
	if err := counts("Steps", steps); err != nil {
		return nil, err
	}
	sgd, err := s.SGD(batch)
	if err != nil {
		return nil, err
	}
	c := &Course{Name: name}
	for t, m := range sgd.Moments(eta.At, s.Start, steps) {
		if t < steps {
			c.Rate = append(c.Rate, eta.At(t))
		}
		c.Excess, c.Memory = append(c.Excess, m.Loss-sgd.Floor), append(c.Memory, s.Excess(m.Mean))
	}
	return c, nil
}

// lowest is the rate at which the loss is least.
func (c *Course) lowest() float64 { return c.Rate[floats.MinIdx(c.Excess[:len(c.Rate)])] }

// left is E[L(θ_T)] − L(θ*) after the steps by theory, exact; +Inf beyond the numbers.
func (s *Study) left(sgd *theory.SGD, eta schedule.Schedule, steps int) float64 {
	excess := sgd.After(eta.At, s.Start, steps).Loss - sgd.Floor
	if math.IsNaN(excess) {
		return math.Inf(1)
	}
	return excess
}

// Joined is a schedule drawn by hand: straight lines between the rates at the steps. It is an error when the steps are not whole or do not
// ascend, when a rate is negative, and when there are not as many of both, at least two.
func Joined(steps, rates []float64) (schedule.Schedule, error) {
	whole := make([]int, len(steps))
	for i, t := range steps {
		if whole[i] = int(t); float64(whole[i]) != t {
			return schedule.Schedule{}, fmt.Errorf("a step is %g: it must be a whole number", t)
		}
	}
	return schedule.PiecewiseLinear(rates, whole)
}

// String says what the course leaves.
func (c *Course) String() string {
	end := len(c.Excess) - 1
	return fmt.Sprintf("%-11s leaves %.2f/1000: %.2f of the start, %.2f of noise.", c.Name+":", 1000*c.Excess[end], 1000*c.Memory[end],
		1000*(c.Excess[end]-c.Memory[end]))
}

// DrawCourses shows the rates of the courses and the losses that follow from them.
func DrawCourses(courses ...*Course) *figure.Figure {
	rates := figure.New("Your schedule, and two others", figure.X("step t"), figure.LogY("learning rate η_t").Range(leastRate, 1))
	losses := figure.New("What theory expects of it", figure.X("step t"), figure.LogY("expected loss, L(θ) − L(θ*)"))
	for _, c := range courses {
		rates.Line(c.Name, nil, visible(c.Rate))
		losses.Line(c.Name, nil, c.Excess)
	}
	return figure.Row(rates, losses)
}

// CompareSchedules (claim H2) trains under every schedule, each at its own best greatest rate: the grid's rates are tried, and more
// until the best has worse ones on both sides. It is an error when a setting cannot be, and when a run fails.
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
	run := func(named NamedSchedule, first int, seeds int) (*train.History, []float64, error) {
		c := train.Config{Schedule: named.Schedule, Plateau: named.Plateau, Sampler: sampler, Steps: grid.Steps, Stride: max(1, grid.Steps/300)}
		return s.endsOf(ctx, setup{trainer: t, config: c}, first, seeds)
	}
	// left is what schedule i leaves at a greatest rate.
	left := func(i int, rate float64) (float64, error) {
		all, err := Schedules(rate, grid.Steps)
		if err != nil {
			return 0, err
		}
		if all[i].Plateau.On() { // theory is silent
			_, ends, err := run(all[i], 101, 6)
			if err != nil {
				return 0, err
			}
			measured, err := meanEnd(ends)
			return measured.Value, err
		}
		return s.left(sgd, all[i].Schedule, grid.Steps), ctx.Err()
	}
	all, err := Schedules(1, grid.Steps)
	if err != nil {
		return nil, err
	}
	searches, err := searchRates(slices.Repeat([][]float64{grid.Rates}, len(all)), always(2), func(rates [][]float64) ([][]float64, error) {
		return atOnce(rates, left)
	})
	if err != nil {
		return nil, err
	}
	var scores []*ScheduleScore
	for i, search := range searches {
		all, err := Schedules(search.Rate(), grid.Steps)
		if err != nil {
			return nil, err
		}
		c := &ScheduleScore{NamedSchedule: all[i], Search: search, Predicted: math.NaN(), Memory: math.NaN()}
		if !c.Plateau.On() {
			c.Predicted, c.Memory = search.Least(), s.Excess(sgd.After(c.Schedule.At, s.Start, grid.Steps).Mean)
		}
		h, ends, err := run(c.NamedSchedule, 1, grid.Seeds)
		if err != nil {
			return nil, err
		}
		if c.Excess, err = meanEnd(ends); err != nil {
			return nil, err
		}
		c.Ends, c.Step, c.Rates = ends, h.Step, h.Rate
		c.measure()
		scores = append(scores, c)
	}
	return scores, nil
}

// measure computes Sum and High from the recorded rates, all but the one after the last step. The sum is exact if the schedule is known
// at every step; a plateau's rates are known at the records alone.
func (c *ScheduleScore) measure() {
	n := len(c.Rates) - 1
	greatest := floats.Max(c.Rates)
	for k, rate := range c.Rates[:n] {
		if rate > greatest/2 {
			c.High += 1 / float64(n)
		}
		for t := c.Step[k]; t < c.Step[k+1]; t++ {
			if !c.Plateau.On() {
				rate = c.Schedule.At(t)
			}
			c.Sum += rate
		}
	}
}

// atOnce computes a value for each rate of each contender, all at once.
func atOnce(rates [][]float64, of func(contender int, rate float64) (float64, error)) ([][]float64, error) {
	values, errs := make([][]float64, len(rates)), make([][]error, len(rates))
	var wait sync.WaitGroup
	for i := range rates {
		values[i], errs[i] = make([]float64, len(rates[i])), make([]error, len(rates[i]))
		for k, rate := range rates[i] {
			wait.Go(func() { values[i][k], errs[i][k] = of(i, rate) })
		}
	}
	wait.Wait()
	return values, errors.Join(slices.Concat(errs...)...)
}

// ScheduleNames are the names of Schedules that ScheduleByName knows: all but "plateau", whose rates depend on the run.
func ScheduleNames() (names []string) {
	all, err := Schedules(1, 1000)
	if err != nil {
		panic(err) // they can be
	}
	for _, s := range all {
		if !s.Plateau.On() {
			names = append(names, s.Name)
		}
	}
	return names
}

// ScheduleByName is the one of Schedules of that name, for a run of the given steps whose greatest rate is eta. It is an error when none
// of ScheduleNames has it, and when steps or eta cannot be.
func ScheduleByName(name string, eta float64, steps int) (schedule.Schedule, error) {
	all, err := Schedules(eta, steps)
	if err != nil {
		return schedule.Schedule{}, err
	}
	for _, s := range all {
		if s.Name == name && !s.Plateau.On() {
			return s.Schedule, nil
		}
	}
	return schedule.Schedule{}, fmt.Errorf("there is no schedule %q: choose one of %s", name, strings.Join(ScheduleNames(), ", "))
}
