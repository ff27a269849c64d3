package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// CostSettings are those of MeasureCosts.
type CostSettings struct {
	Rates   []float64 // learning rates
	Start   []float64 // where the runs begin: the problem's own Start
	Epsilon float64   // the fraction of the excess loss at the start that is to be reached
	Limit   int       // steps after which a run is given up
}

// stepsToReach runs gradient descent at each rate until the loss above its minimum, floor, is the fraction of what it was at the
// start, and returns the number of steps, or −1 where the run did not get there within the limit or diverged.
func stepsToReach(ctx context.Context, t *train.Trainer, floor float64, settings CostSettings) ([]int, error) {
	rates, limit := settings.Rates, settings.Limit
	steps := make([]int, len(rates))
	for i, eta := range rates {
		steps[i] = -1
		var h *train.History
		goal := 0.0
		for done, next := 0, 100; steps[i] < 0 && done < limit; done, next = done+next, 2*next {
			next = min(next, limit-done)
			var err error
			if h, err = t.Run(ctx, train.Config{LearningRate: eta, Steps: next, From: h}); err != nil {
				return nil, err
			}
			if done == 0 {
				goal = floor + settings.Epsilon*(h.Loss[0]-floor)
			}
			if k := slices.IndexFunc(h.Loss, func(loss float64) bool { return loss <= goal }); k >= 0 {
				steps[i] = h.Step[k]
			}
			if _, diverged := h.Diverged(); diverged {
				break
			}
		}
	}
	return steps, nil
}

// Costs (claim G5) is what gradient descent costs until the loss is small, beside theory.
type Costs struct {
	Rates, Measured, Predicted []float64 // of the rates that got there: the steps
	Seconds                    []float64 // measured with a clock: the whole run, and the fastest of seven
	SecondsPerStep             float64   // the median of them, of the runs of at least 100 steps if there are any
	Off                        int       // the greatest difference of a measured and a predicted number of steps
	Lost                       int       // rates that did not get there, which theory expects as well
	// Best is the rate at which theory expects the fewest steps, Fewest, the least of them, by trying Tried rates below the largest stable one.
	Best   float64
	Fewest int
	Tried  int
	// Formula is 2/(λ_max + λ_min), the rate that is best for the worst start, and AtFormula the steps that theory expects there.
	Formula   float64
	AtFormula int
}

// Draw shows steps and seconds over the rates, beside the steps of theory and those at the median time of a step.
func (c *Costs) Draw() *figure.Figure {
	panel := func(title, unit, theory string, measured, predicted []float64) *figure.Figure {
		return figure.New(title, figure.LogX("learning rate η"), figure.LogY(unit)).
			Points("measured", c.Rates, measured).Theory(theory, c.Rates, predicted).VLine(c.Formula, "2/(λ_max + λ_min)")
	}
	return figure.Row(panel("Steps", "steps", "theory", c.Measured, c.Predicted),
		panel("Time", "seconds", "theory's steps × measured time of a step", c.Seconds,
			floats.ScaleTo(make([]float64, len(c.Predicted)), c.SecondsPerStep, c.Predicted)))
}

// Table is what some of the rates cost on a processor core of that power, for lab.Table. A place beyond the rates is left out.
func (c *Costs) Table(watts float64, places ...int) (header []string, rows [][]string) {
	for _, i := range places {
		if i < len(c.Rates) {
			rows = append(rows, []string{fmt.Sprintf("%.4f", c.Rates[i]), fmt.Sprintf("%.0f", c.Measured[i]), fmt.Sprintf("%.0f", c.Predicted[i]),
				fmt.Sprintf("%.3g", 1000*c.Seconds[i]), fmt.Sprintf("%.2g", c.Seconds[i]*watts)})
		}
	}
	return []string{"$\\eta$", "steps", "in theory", "milliseconds", "joules"}, rows
}

// String says how well theory has the steps, and what it says of the best rate.
func (c *Costs) String() string {
	agree := "agree exactly"
	if c.Off > 0 {
		agree = fmt.Sprintf("differ by at most %d", c.Off)
	}
	return fmt.Sprintf("Steps measured and in theory %s.\n2/(λ_max + λ_min) = %.4f needs %d steps; the fewest at %d rates are %d, first at η = %.4f.",
		agree, c.Formula, c.AtFormula, c.Tried, c.Fewest, c.Best)
}

// MeasureCosts (claim G5) measures how many steps a quadratic's run takes at each rate until the excess loss is the fraction
// Epsilon of what it was, and how long by the clock, and what theory says. It is an error when the trainer or the
// descent is nil, when Limit cannot be, when a run fails, and when no rate gets there.
func MeasureCosts(ctx context.Context, t *train.Trainer, d *theory.Descent, settings CostSettings) (*Costs, error) {
	if err := counts("Limit", settings.Limit); err != nil {
		return nil, err
	}
	if err := cmp.Or(given("descent", d), given("trainer", t)); err != nil {
		return nil, err
	}
	measured, err := stepsToReach(ctx, t, d.Floor, settings)
	if err != nil {
		return nil, err
	}
	c := new(Costs)
	for i, eta := range settings.Rates {
		predicted, err := d.Steps(eta, settings.Start, settings.Epsilon)
		expected := err == nil && predicted <= settings.Limit
		switch {
		case !expected && measured[i] < 0:
			c.Lost++
			continue
		case measured[i] < 0:
			return nil, fmt.Errorf("at the rate %g the run did not get there in %d steps, though theory expects it after %d", eta, settings.Limit, predicted)
		case !expected:
			return nil, fmt.Errorf("at the rate %g the run got there after %d steps, which theory does not expect", eta, measured[i])
		}
		c.Off = max(c.Off, predicted-measured[i], measured[i]-predicted)
		c.Rates, c.Measured, c.Predicted = append(c.Rates, eta), append(c.Measured, float64(measured[i])), append(c.Predicted, float64(predicted))
	}
	if len(c.Rates) == 0 {
		return nil, fmt.Errorf("no rate got there within %d steps: raise the fraction to reach", settings.Limit)
	}
	if err := c.time(ctx, t); err != nil {
		return nil, err
	}
	least, most := d.Lambda[0], d.Lambda[len(d.Lambda)-1]
	c.Formula, _ = theory.OptimalRate(least, most)
	if c.AtFormula, err = d.Steps(c.Formula, settings.Start, settings.Epsilon); err != nil {
		return nil, err
	}
	limit := theory.StabilityThreshold(most)
	c.Tried = 1999
	for k := 1; k <= c.Tried; k++ {
		eta := limit * float64(k) / float64(c.Tried+1)
		if steps, err := d.Steps(eta, settings.Start, settings.Epsilon); err == nil && (c.Fewest == 0 || steps < c.Fewest) {
			c.Best, c.Fewest = eta, steps
		}
	}
	return c, nil
}

// time measures the seconds of each rate's run.
func (c *Costs) time(ctx context.Context, t *train.Trainer) error {
	var each, long []float64
	steps := figure.Each(c.Measured, func(n float64) int { return max(1, int(n)) })
	c.Seconds = slices.Repeat([]float64{math.Inf(1)}, len(steps))
	for range 7 { // in turns: a busy moment of the machine does not fall on all runs of one rate
		for i, eta := range c.Rates {
			began := time.Now()
			if _, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps[i], Stride: steps[i]}); err != nil {
				return err
			}
			c.Seconds[i] = min(c.Seconds[i], time.Since(began).Seconds())
		}
	}
	for i, n := range steps {
		if each = append(each, c.Seconds[i]/float64(n)); n >= 100 {
			long = append(long, each[i])
		}
	}
	if len(long) == 0 {
		long = each
	}
	c.SecondsPerStep = Quantile(long, 0.5)
	return nil
}

// PricedRegression (claim G5) is a regression of 4,000 examples with 20 weights, whose curvatures lie between 1 and kappa at equal
// ratios: large enough that a step takes longer than to start a run. It is an error when kappa is below 1 or not finite.
func PricedRegression(kappa float64) (*Study, error) {
	if !(kappa >= 1) || math.IsInf(kappa, 1) {
		return nil, fmt.Errorf("kappa is %v: the condition number is finite and at least 1", kappa)
	}
	spectrum := make([]float64, 20)
	for i := range spectrum {
		spectrum[i] = math.Pow(kappa, float64(i)/19)
	}
	fit, _, err := problem.RandomLeastSquares(4000, len(spectrum), spectrum, 0.5, 1)
	if err != nil {
		return nil, err
	}
	return NewStudy(fit.Features(), fit.Targets())
}
