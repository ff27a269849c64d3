package lecture

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/train"
)

// firstSteps are those of which CompareClosedForm records every one: in them the steep directions settle.
const firstSteps = 40

// ClosedForm (claim G3) is gradient descent on a study beside the closed form of its loss.
type ClosedForm struct {
	Fraction    []float64   // the rates as fractions of 2/λ_max
	First, Long []Losses    // [rates]: the first steps, every one, and the whole runs, in twenty records
	Theory      [][]float64 // [rates][steps+1]: the closed form after every step
	Off         float64     // the greatest |measured/theory − 1|
	floor       float64
}

// Losses are those of a run at its records.
type Losses struct {
	Step     []int
	Measured []float64
}

// CompareClosedForm (claim G3) runs gradient descent at each rate, given as a fraction of 2/λ_max. It is an error when a rate or the
// steps cannot be, and when a run fails.
func CompareClosedForm(ctx context.Context, s *Study, fractions []float64, steps int) (*ClosedForm, error) {
	t, err := s.Trainer(train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := &ClosedForm{Fraction: fractions, floor: s.Descent.Floor}
	measure := func(eta float64, steps, stride int) (Losses, error) {
		run, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: stride})
		if err != nil {
			return Losses{}, err
		}
		return Losses{run.Step, run.Loss}, nil
	}
	for _, fraction := range fractions {
		eta := fraction * s.Threshold()
		first, err := measure(eta, min(steps, firstSteps), 1)
		if err != nil {
			return nil, err
		}
		long, err := measure(eta, steps, max(1, steps/20))
		if err != nil {
			return nil, err
		}
		every := make([]float64, steps+1)
		for t := range every {
			every[t] = s.Descent.Loss(eta, s.Start, t)
		}
		for _, run := range []Losses{first, long} {
			c.Off = max(c.Off, RelativeError(run.Measured, figure.Column(run.Step, func(t int) float64 { return every[t] })))
		}
		c.First, c.Long, c.Theory = append(c.First, first), append(c.Long, long), append(c.Theory, every)
	}
	return c, nil
}

// Draw shows the losses above their minimum, where they are more than what rounding leaves of it: the first steps, every third, and
// all. The closed form is drawn at every step.
func (c *ClosedForm) Draw() *figure.Figure {
	excess := func(loss float64) float64 {
		if loss-c.floor < 1e-15*c.floor {
			return math.NaN()
		}
		return loss - c.floor
	}
	panel := func(title string, runs []Losses, stride int) *figure.Figure {
		fig := figure.New(title, figure.X("step t"), figure.LogY("L(θ) − L(θ*)"))
		for i, fraction := range c.Fraction {
			var steps []int
			var measured []float64
			for k := 0; k < len(runs[i].Step); k += stride {
				steps, measured = append(steps, runs[i].Step[k]), append(measured, excess(runs[i].Measured[k]))
			}
			fig.Points(fmt.Sprintf("η = %g · 2/λ_max", fraction), steps, measured)
		}
		for i, run := range runs {
			last := run.Step[len(run.Step)-1]
			fig.Theory("theory", nil, figure.Column(c.Theory[i][:last+1], excess))
		}
		return fig
	}
	return figure.Row(panel("The first steps", c.First, 3), panel("All steps", c.Long, 1))
}

// Ending says whether a run diverged, and when.
func Ending(run *train.History) string {
	if t, diverged := run.Diverged(); diverged {
		return fmt.Sprintf("diverged at %d", t)
	}
	return fmt.Sprintf("finite after %d", run.Step[len(run.Step)-1])
}

// StepOrNever writes the number of a step, or "never" where it is none: not positive, or infinite.
func StepOrNever(step float64) string {
	if !(step > 0) || math.IsInf(step, 1) {
		return "never"
	}
	return fmt.Sprintf("%.0f", step)
}
