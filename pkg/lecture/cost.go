package lecture

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
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

// Costs (claim G5) are the steps that gradient descent needs, beside theory and the clock.
type Costs struct {
	Rates, Measured, Predicted []float64 // of the rates that got there
	Agree                      bool      // measured and predicted are equal, rate for rate
	Cheapest                   int       // the place of the rate with the fewest steps
	SecondsPerStep             float64
}

// Draw shows the steps over the rates.
func (c *Costs) Draw() *figure.Figure {
	return figure.New("Steps to a small loss", figure.LogX("learning rate η"), figure.LogY("steps")).
		Theory("theory", c.Rates, c.Predicted).Points("measured", c.Rates, c.Measured)
}

// Bill says what rate i costs, on a processor core of that power.
func (c *Costs) Bill(i int, watts float64) string {
	micro := 1e6 * c.Measured[i] * c.SecondsPerStep
	return fmt.Sprintf("η = %-8.3g %6.0f steps, %8.2f µs, %9.2f µJ", c.Rates[i], c.Measured[i], micro, micro*watts)
}

// MeasureCosts (claim G5) measures how many steps a quadratic's run takes at each rate until the excess loss is the fraction
// Epsilon of what it was, and what theory says; and the time of a step, from a long run. It is an error when the trainer or the
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
	c := &Costs{Agree: true}
	for i, eta := range settings.Rates {
		predicted, err := d.Steps(eta, settings.Start, settings.Epsilon)
		if err != nil || measured[i] < 0 {
			c.Agree = c.Agree && (err != nil || predicted > settings.Limit) && measured[i] < 0
			continue
		}
		c.Agree = c.Agree && measured[i] == predicted
		c.Rates, c.Measured, c.Predicted = append(c.Rates, eta), append(c.Measured, float64(measured[i])), append(c.Predicted, float64(predicted))
	}
	if len(c.Rates) == 0 {
		return nil, fmt.Errorf("no rate got there within %d steps: raise the fraction to reach", settings.Limit)
	}
	c.Cheapest = floats.MinIdx(c.Measured)
	began := time.Now()
	const timed = 50_000
	if _, err := t.Run(ctx, train.Config{LearningRate: c.Rates[0], Steps: timed, Stride: timed}); err != nil {
		return nil, err
	}
	c.SecondsPerStep = time.Since(began).Seconds() / timed
	return c, nil
}
