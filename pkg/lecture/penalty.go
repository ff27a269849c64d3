package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// Penalty (claim G6) is what regularization does to least squares on the ten measurements of the diabetes patients.
type Penalty struct {
	Names []string
	Plain []float64 // θ* without
	// Ridge is where gradient descent with ½·strength·‖θ‖² ends, and ClosedForm (XᵀX/n + strength·I)⁻¹Xᵀy/n.
	Ridge, ClosedForm []float64
	// L1 is where proximal steps end, Subgradient where autodiff through |θ| does.
	L1, Subgradient []float64
	// Soft and Hard are the last steps of these two, [steps][10].
	Soft, Hard [][]float64
	first      int // the step at which they begin
}

// Table is the weights that each way arrives at, a row for each measurement, for lab.Table.
func (p *Penalty) Table() (header []string, rows [][]string) {
	number := func(x float64) string {
		if x == 0 {
			return "0" // exactly
		}
		return fmt.Sprintf("%.2f", x)
	}
	for i, name := range p.Names {
		rows = append(rows, []string{name, number(p.Plain[i]), number(p.Ridge[i]), number(p.L1[i]), number(p.Subgradient[i])})
	}
	return []string{"weight of", "none", "ridge", "L1, proximal", "L1, autodiff"}, rows
}

// DrawLastSteps shows how some weights move at the end of the two ways to follow L1, a panel for each. It panics when there is no
// measurement of a name.
func (p *Penalty) DrawLastSteps(names ...string) *figure.Figure {
	steps := make([]int, len(p.Soft))
	for k := range steps {
		steps[k] = p.first + k
	}
	var panels []*figure.Figure
	for _, name := range names {
		i := mustMeasure(name)
		panels = append(panels, figure.New("Weight of "+name, figure.X("step t"), figure.Y("weight")).
			Line("autodiff through |θ|", steps, figure.Coordinate(p.Hard, i)).Line("proximal step", steps, figure.Coordinate(p.Soft, i)))
	}
	return figure.Row(panels...)
}

// mustMeasure is the place of a measurement among Measurements. It panics when there is none of the name.
func mustMeasure(name string) int {
	i := slices.Index(Measurements, name)
	if i < 0 {
		panic(fmt.Sprintf("there is no measurement %q: it is one of %v", name, Measurements))
	}
	return i
}

// Zeros counts the weights that are exactly 0.
func Zeros(theta []float64) int {
	zeros := 0
	for _, w := range theta {
		if w == 0 {
			zeros++
		}
	}
	return zeros
}

// PenaltySettings are those of Regularize.
type PenaltySettings struct {
	Ridge float64 // strength ρ of ½ρ‖θ‖²
	L1    float64 // strength ρ of ρ‖θ‖₁
	Rate  float64 // learning rate
	Steps int
}

// lastSteps are those of a run that Regularize keeps.
const lastSteps = 30

// Regularize (claim G6) runs gradient descent with each penalty from the origin's neighborhood. It is an error when a strength is
// negative, when the rate or the steps cannot be, and when a run fails.
func Regularize(ctx context.Context, settings PenaltySettings) (*Penalty, error) {
	if err := counts("Steps", settings.Steps); err != nil {
		return nil, err
	}
	fit, err := progression()
	if err != nil {
		return nil, err
	}
	tail := min(lastSteps, settings.Steps-1)
	p := &Penalty{Names: Measurements, first: settings.Steps - tail}
	if p.Plain, err = fit.Optimum(); err != nil {
		return nil, err
	}
	run := func(of problem.Problem, rule optimizer.Interface) ([]float64, [][]float64, error) {
		t, err := newTrainer(of, rule, train.Record{Params: true})
		if err != nil {
			return nil, nil, err
		}
		defer t.Close()
		c := train.Config{LearningRate: settings.Rate, Steps: p.first, Stride: p.first, Start: map[string]any{"theta": besideOrigin()}}
		if c.From, err = t.Run(ctx, c); err != nil || tail == 0 {
			return c.From.Final, c.From.Params, err
		}
		c.Start, c.Steps, c.Stride = nil, tail, 1
		h, err := t.Run(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		return h.Final, h.Params, nil
	}
	rules := map[string]optimizer.Interface{}
	for name, option := range map[string]optim.Option{"ridge": optim.WeightDecay(settings.Ridge), "L1": optim.L1(settings.L1)} {
		if rules[name], err = optim.With(optim.GD(), option); err != nil {
			return nil, err
		}
	}
	if p.Ridge, _, err = run(fit, rules["ridge"]); err != nil {
		return nil, err
	}
	if p.L1, p.Soft, err = run(fit, rules["L1"]); err != nil {
		return nil, err
	}
	kinked := *fit
	kinked.L1 = settings.L1
	if p.Subgradient, p.Hard, err = run(&kinked, optim.GD()); err != nil {
		return nil, err
	}
	penalized := *fit
	penalized.Ridge = settings.Ridge
	if p.ClosedForm, err = penalized.Optimum(); err != nil {
		return nil, err
	}
	return p, nil
}

// progression is problem.Diabetes in float64.
func progression() (*problem.LeastSquares, error) {
	fit, err := problem.Diabetes()
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	return fit, nil
}

// besideOrigin is a start at which no weight of the ten is 0.
func besideOrigin() []float64 {
	start := make([]float64, 10)
	for i := range start {
		start[i] = 0.1 * math.Cos(2*float64(i))
	}
	return start
}
