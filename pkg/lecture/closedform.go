package lecture

import (
	"context"
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/train"
)

// ClosedForm (claim G3) is gradient descent on a study beside the closed form of its loss.
type ClosedForm struct {
	Fraction           []float64 // the rates as fractions of 2/λ_max
	Step               [][]int   // [rates][records]
	Measured, Computed [][]float64
	Off                float64 // the greatest |measured/computed − 1|
	floor              float64
}

// CompareClosedForm (claim G3) runs gradient descent at each rate. It is an error when a rate or the steps cannot be, and when a run
// fails.
func CompareClosedForm(ctx context.Context, s *Study, fractions []float64, steps int) (*ClosedForm, error) {
	t, err := s.Trainer(train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := &ClosedForm{Fraction: fractions, floor: s.Descent.Floor}
	for _, fraction := range fractions {
		eta := fraction * s.Threshold()
		run, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: max(1, steps/20)})
		if err != nil {
			return nil, err
		}
		computed := figure.Column(run.Step, func(t int) float64 { return s.Descent.Loss(eta, s.Start, t) })
		c.Step, c.Measured, c.Computed = append(c.Step, run.Step), append(c.Measured, run.Loss), append(c.Computed, computed)
		c.Off = max(c.Off, RelativeError(run.Loss, computed))
	}
	return c, nil
}

// Draw shows the losses above their minimum, where they are more than what rounding leaves of it.
func (c *ClosedForm) Draw() *figure.Figure {
	fig := figure.New("Least squares on ten variables", figure.X("step t"), figure.LogY("L(θ) − L(θ*)"))
	excess := func(loss float64) float64 {
		if loss-c.floor < 1e-15*c.floor {
			return math.NaN()
		}
		return loss - c.floor
	}
	for i, fraction := range c.Fraction {
		fig.Points(fmt.Sprintf("η = %g · 2/λ_max", fraction), c.Step[i], figure.Column(c.Measured[i], excess))
		fig.Theory("theory", c.Step[i], figure.Column(c.Computed[i], excess))
	}
	return fig
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
