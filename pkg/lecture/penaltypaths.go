package lecture

import (
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// PenaltyPath (claim G6) is where gradient descent ends as a penalty of the diabetes regression grows, beside the optimum.
type PenaltyPath struct {
	Strengths []float64
	Measured  [][]float64 // θ where the run ends, [strengths][10]
	Exact     [][]float64 // θ*, [strengths][10]
	Fine      []float64   // strengths from the first to the last, 20 to a strength
	FineExact [][]float64 // θ* there, [len(Fine)][10]
	Off       float64     // the greatest difference of the two
}

// PathPenalties are the two penalties, and how strong they are.
type PathPenalties struct {
	Ridge, L1 []float64
	Steps     int // of each run
}

// FollowPenalties (claim G6) runs gradient descent at each strength, for ridge with its gradient and for L1 with proximal steps, each at
// the rate 1/λ_max of its smooth part. It is an error when a strength is negative, when the steps cannot be, and when a run fails.
func FollowPenalties(ctx context.Context, settings PathPenalties) (ridge, l1 *PenaltyPath, err error) {
	if err := counts("Steps", settings.Steps); err != nil {
		return nil, nil, err
	}
	ridge, err = followPenalty(ctx, optim.WeightDecay(0), "weight_decay", settings.Ridge, settings.Steps)
	if err != nil {
		return nil, nil, err
	}
	l1, err = followPenalty(ctx, optim.L1(0), "l1", settings.L1, settings.Steps)
	return ridge, l1, err
}

func followPenalty(ctx context.Context, option optim.Option, name string, strengths []float64, steps int) (*PenaltyPath, error) {
	fit, err := progression()
	if err != nil {
		return nil, err
	}
	descent, err := theory.NewDescent(fit)
	if err != nil {
		return nil, err
	}
	rule, err := optim.With(optim.GD(), option)
	if err != nil {
		return nil, err
	}
	t, err := newTrainer(fit, rule, train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	p := &PenaltyPath{Strengths: strengths}
	for _, rho := range strengths {
		steepest := slices.Max(descent.Lambda)
		if name != "l1" {
			steepest += rho
		}
		exact, err := penalizedOptimum(fit, name, rho)
		if err != nil {
			return nil, err
		}
		h, err := t.Run(ctx, train.Config{LearningRate: 1 / steepest, Steps: steps, Stride: steps,
			Hyper: map[string]float64{name: rho}, Start: map[string]any{"theta": besideOrigin()}})
		if err != nil {
			return nil, err
		}
		p.Measured, p.Exact = append(p.Measured, h.Final), append(p.Exact, exact)
		p.Off = max(p.Off, floats.Distance(h.Final, exact, math.Inf(1)))
	}
	if len(strengths) < 2 {
		return p, nil
	}
	p.Fine = floats.LogSpan(make([]float64, 20*len(strengths)), strengths[0], strengths[len(strengths)-1])
	for _, rho := range p.Fine {
		exact, err := penalizedOptimum(fit, name, rho)
		if err != nil {
			return nil, err
		}
		p.FineExact = append(p.FineExact, exact)
	}
	return p, nil
}

// penalizedOptimum is the minimizer with the penalty of a name, "l1" or else ridge.
func penalizedOptimum(fit *problem.LeastSquares, name string, rho float64) ([]float64, error) {
	penalized := *fit
	if penalized.Regularizer = (problem.Regularizer{Ridge: rho}); name == "l1" {
		penalized.Regularizer = problem.Regularizer{L1: rho}
	}
	return penalized.Optimum()
}

// Draw shows the weights of some measurements over at least two strengths: points where descent ends, lines for the optimum. It
// panics when there is no measurement of a name.
func (p *PenaltyPath) Draw(title string, names ...string) *figure.Figure {
	fig := figure.New(title, figure.LogX("strength ρ"), figure.Y("weight"))
	for _, name := range names {
		i := mustMeasure(name)
		fig.Line(name, p.Fine, figure.Coordinate(p.FineExact, i)).Points(name, p.Strengths, figure.Coordinate(p.Measured, i))
	}
	return fig
}
