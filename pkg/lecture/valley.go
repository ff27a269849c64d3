package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Valley (claims G3, G4, G5) is a bowl of curvature 1 along its floor and 10 across it, turned by 30°, in float64. Runs begin at
// (−2.5, 0); the optimum is the origin.
func Valley() *problem.Quadratic {
	bowl, err := problem.NewQuadratic([]float64{1, 10}, problem.Rotation(math.Pi/6), nil)
	if err != nil {
		panic(err) // it has no settings
	}
	bowl.Start, bowl.DType = []float64{-2.5, 0}, dtypes.Float64
	return bowl
}

// DrawValley is the Valley's loss over the plane, to draw on.
func DrawValley(title string) *figure.Figure {
	return drawn("valley "+title, func() *figure.Figure {
		return figure.New(title, figure.X("θ₁").Range(-3, 3), figure.Y("θ₂").Range(-2.4, 2.4)).
			Contour("loss L(θ)", figure.OnPlane(Valley().Value)).Mark("optimum", 0, 0)
	})
}

// Factors (claim G3) is how much of the distance to the optimum a step of gradient descent leaves along each eigen-direction.
type Factors struct {
	Lambda   []float64
	Rates    []float64
	Measured [][]float64 // [directions][rates]
	Off      float64     // the greatest distance from |1 − ηλ|
}

// Draw shows the factors, fitted over the run, over the learning rate up to 0.22, beside |1 − ηλ|.
func (f *Factors) Draw() *figure.Figure {
	fig := figure.New("How much of the distance a step keeps",
		figure.X("learning rate η").Range(0, 0.22), figure.Y("factor |1 − ηλ|").Range(0, 1.3))
	for i, lambda := range f.Lambda {
		fig.Theory(fmt.Sprintf("theory, λ = %.0f", lambda), nil, func(eta float64) float64 { return math.Abs(theory.Factor(eta, lambda)) })
		fig.Points(fmt.Sprintf("measured, λ = %.0f", lambda), f.Rates, f.Measured[i])
	}
	return fig
}

// MeasureFactors (claim G3) runs gradient descent at each rate. It is an error when a run fails, and when a run does not show the
// factor, as one whose rate leaves nothing of the distance.
func MeasureFactors(ctx context.Context, p *problem.Quadratic, rates []float64, steps int) (*Factors, error) {
	descent, err := theory.NewDescent(p)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(p, "GD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	f := &Factors{Lambda: descent.Lambda, Rates: rates, Measured: make([][]float64, len(descent.Lambda))}
	for _, eta := range rates {
		run, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps})
		if err != nil {
			return nil, err
		}
		measured, err := descent.Measure(run.Params, theory.DoublePrecision)
		if err != nil {
			return nil, err
		}
		for i, c := range measured {
			f.Measured[i] = append(f.Measured[i], c.Factor)
			f.Off = max(f.Off, math.Abs(c.Factor-math.Abs(theory.Factor(eta, c.Lambda))))
		}
	}
	return f, nil
}
