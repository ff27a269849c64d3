package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// withL1 is a problem whose loss has the term strength·‖θ‖₁, for autodiff to follow.
type withL1 struct {
	*problem.LeastSquares
	strength float64
}

func (p withL1) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	loss := p.LeastSquares.Loss(scope, g, batch)
	theta := scope.GetVariable("theta").NodeValue(g)
	strengths := make([]float64, theta.Shape().Dim(0))
	for i := range strengths {
		strengths[i] = p.strength
	}
	return graph.Add(loss, graph.Dot(graph.Abs(theta), graph.Const(g, strengths)).Product())
}

// Penalty (claim G6) is what regularization does to least squares on the ten measurements of the diabetes patients.
type Penalty struct {
	Names []string
	Plain []float64 // θ* without
	// Ridge is where gradient descent with ½·strength·‖θ‖² ends, and ClosedForm (XᵀX/n + strength·I)⁻¹Xᵀy/n.
	Ridge, ClosedForm []float64
	// L1 is where steps with the soft threshold end, Subgradient where autodiff through |θ| does.
	L1, Subgradient []float64
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
	return []string{"weight of", "none", "ridge", "L1, soft threshold", "L1, autodiff"}, rows
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

// Regularize (claim G6) runs gradient descent with each penalty from the origin's neighborhood. It is an error when a strength is
// negative, when the rate or the steps cannot be, and when a run fails.
func Regularize(ctx context.Context, settings PenaltySettings) (*Penalty, error) {
	if err := counts("Steps", settings.Steps); err != nil {
		return nil, err
	}
	fit, err := problem.Diabetes()
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	p := &Penalty{Names: Measurements}
	if p.Plain, err = fit.Optimum(); err != nil {
		return nil, err
	}
	start := make([]float64, 10)
	for i := range start {
		start[i] = 0.1 * math.Cos(2*float64(i))
	}
	run := func(of problem.Problem, options ...optim.Option) ([]float64, error) {
		var rule optimizer.Interface = optim.GD()
		if len(options) > 0 {
			if rule, err = optim.With(rule, options...); err != nil {
				return nil, err
			}
		}
		t, err := newTrainer(of, rule, train.Record{})
		if err != nil {
			return nil, err
		}
		defer t.Close()
		h, err := t.Run(ctx, train.Config{LearningRate: settings.Rate, Steps: settings.Steps, Stride: settings.Steps, Start: map[string]any{"theta": start}})
		if err != nil {
			return nil, err
		}
		return h.Final, nil
	}
	if p.Ridge, err = run(fit, optim.WeightDecay(settings.Ridge)); err != nil {
		return nil, err
	}
	if p.L1, err = run(fit, optim.L1(settings.L1)); err != nil {
		return nil, err
	}
	if p.Subgradient, err = run(withL1{fit, settings.L1}); err != nil {
		return nil, err
	}
	penalized := *fit
	penalized.Ridge = settings.Ridge
	if p.ClosedForm, err = penalized.Optimum(); err != nil {
		return nil, err
	}
	return p, nil
}
