package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	gonum "gonum.org/v1/gonum/stat"

	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// A Landscape returns L(θ) over all examples and ∇L(θ): Trainer.Evaluate is one.
type Landscape func(theta []float64) (loss float64, gradient []float64, err error)

// Taylor (claim G2) holds L(θ+Δ) against its first-order Taylor series L(θ) + ∇L(θ)·Δ along the steepest descent,
// Δ = −r ∇L/‖∇L‖.
type Taylor struct {
	Radius []float64 // r = ‖Δ‖
	Loss   []float64 // L(θ+Δ)
	Linear []float64 // L(θ) − r‖∇L‖
	Error  []float64 // |L(θ+Δ) − linear|
	Slope  float64   // of log error on log radius: 2 if the error shrinks as ‖Δ‖²
	// Trust is the least radius at which the error is 10 % of the decrease r‖∇L‖ that the series promises.
	Trust float64
}

// LinearModelAtStart (claim G2) is LinearModel at the parameters from which runs of a problem begin, which the seed draws where the
// problem does not give them. It has the errors of LinearModel and of NewTrainer.
func LinearModelAtStart(ctx context.Context, p problem.Problem, seed int, radii []float64) (*Taylor, error) {
	t, err := NewTrainer(p, "GD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	start, err := t.Run(ctx, train.Config{LearningRate: 1e-9, Steps: 1, Seed: seed})
	if err != nil {
		return nil, err
	}
	return LinearModel(t.Evaluate, start.Params[0], radii)
}

// LinearModel (claim G2) measures the Taylor series of the loss at θ for the radii. It is an error when the radii are not positive,
// finite and ascending, when the landscape fails, when ∇L(θ) = 0, because then no direction is downhill, and when the loss is linear
// in that direction.
func LinearModel(l Landscape, theta []float64, radii []float64) (*Taylor, error) {
	if l == nil {
		return nil, errors.New("the landscape is nil: give a function such as a trainer's Evaluate")
	}
	if len(radii) == 0 || !(slices.Min(radii) > 0) || math.IsInf(slices.Max(radii), 1) || !slices.IsSorted(radii) {
		return nil, fmt.Errorf("radii are %v: they must be positive, finite and ascending, and at least one", radii)
	}
	loss, gradient, err := l(theta)
	if err != nil {
		return nil, err
	}
	norm := floats.Norm(gradient, 2)
	if norm == 0 {
		return nil, errors.New("the gradient is 0 here: no direction is downhill; start somewhere else")
	}
	at := func(r float64) (float64, error) {
		moved := make([]float64, len(theta))
		floats.AddScaledTo(moved, theta, -r/norm, gradient)
		loss, _, err := l(moved)
		return loss, err
	}
	t := &Taylor{Radius: radii}
	var logR, logE []float64
	for _, r := range radii {
		there, err := at(r)
		if err != nil {
			return nil, err
		}
		linear := loss - r*norm
		t.Loss, t.Linear, t.Error = append(t.Loss, there), append(t.Linear, linear), append(t.Error, math.Abs(there-linear))
		if e := math.Abs(there - linear); e > 0 {
			logR, logE = append(logR, math.Log(r)), append(logE, math.Log(e))
		}
	}
	if len(logR) > 1 {
		_, t.Slope = gonum.LinearRegression(logR, logE, nil, false)
	}
	// From inside the good region outwards: where the share of the error first exceeds 10 %.
	beyond := func(r float64) (bool, error) {
		there, err := at(r)
		return math.Abs(there-loss+r*norm) > 0.1*r*norm, err
	}
	inside, outside := 0.0, radii[0]
	out, err := beyond(outside)
	for k := 0; err == nil && !out; k++ {
		if k == 200 {
			return nil, fmt.Errorf("the series is good to 10 %% up to a radius of %g and beyond: the loss is linear", outside)
		}
		inside, outside = outside, outside*1.1
		out, err = beyond(outside)
	}
	if err != nil {
		return nil, err
	}
	for range 60 {
		middle := (inside + outside) / 2
		out, err := beyond(middle)
		if err != nil {
			return nil, err
		}
		if out {
			outside = middle
		} else {
			inside = middle
		}
	}
	t.Trust = inside
	return t, nil
}
