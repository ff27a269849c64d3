package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/floats"
	gonum "gonum.org/v1/gonum/stat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// A Landscape returns L(θ) over all examples and ∇L(θ): Trainer.Evaluate is one.
type Landscape func(theta []float64) (loss float64, gradient []float64, err error)

// Taylor (claim G2) holds L(θ+Δ) against its first-order Taylor series L(θ) + ∇L(θ)·Δ along the steepest descent,
// Δ = −r ∇L/‖∇L‖.
type Taylor struct {
	Radius   []float64 // r = ‖Δ‖
	Loss     []float64 // L(θ+Δ)
	Linear   []float64 // L(θ) − r‖∇L‖
	Error    []float64 // |L(θ+Δ) − linear|
	Gradient float64   // ‖∇L(θ)‖
	// Curvature is the Hessian's in the direction of the gradient, uᵀHu with u = ∇L/‖∇L‖. To second order the error is
	// ½ Curvature r², and Trust is 0.2 Gradient/Curvature.
	Curvature float64
	// Trust is the least radius at which the error is 10 % of the decrease r‖∇L‖ that the series promises.
	Trust float64
	// Slope is that of log error on log radius, up to Trust: 2 if the error shrinks as ‖Δ‖².
	Slope float64
}

// Departure is the greatest part by which an error differs from ½ Curvature r², of the radii up to the one given.
func (t *Taylor) Departure(upTo float64) (most float64) {
	for i, r := range t.Radius {
		if r > upTo {
			break
		}
		most = max(most, math.Abs(t.Error[i]/(math.Abs(t.Curvature)*r*r/2)-1))
	}
	return most
}

// DrawTangent shows the loss along the steepest descent and the straight line that the series takes it for, as far as eight times
// the radius of trust.
func (t *Taylor) DrawTangent(title string) *figure.Figure {
	far := sort.SearchFloat64s(t.Radius, 8*t.Trust)
	return figure.New(title, figure.X("distance r down the gradient"), figure.Y("loss")).
		Line("loss L(θ + Δθ)", t.Radius[:far], t.Loss[:far]).Theory("first-order series", t.Radius[:far], t.Linear[:far]).
		VLine(t.Trust, "good to 10 %")
}

// DrawSeriesErrors shows the error over the distance, at about twenty of the radii, beside what the curvature predicts, one name for
// each of the series.
func DrawSeriesErrors(names []string, all []*Taylor) *figure.Figure {
	fig := figure.New("Error of the series", figure.LogX("distance r down the gradient"), figure.LogY("error"))
	for i, t := range all {
		var radii, errors []float64
		for k := 0; k < len(t.Radius); k += max(1, len(t.Radius)/20) {
			radii, errors = append(radii, t.Radius[k]), append(errors, t.Error[k])
		}
		fig.Points(names[i], radii, errors)
		fig.Theory("theory: ½ uᵀHu r²", t.Radius, func(r float64) float64 { return math.Abs(t.Curvature) * r * r / 2 })
	}
	return fig
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
	curvature, err := curvatureAlong(l, theta, floats.ScaleTo(make([]float64, len(theta)), 1/norm, gradient))
	if err != nil {
		return nil, err
	}
	t := &Taylor{Radius: radii, Gradient: norm, Curvature: curvature}
	for _, r := range radii {
		there, err := at(r)
		if err != nil {
			return nil, err
		}
		linear := loss - r*norm
		t.Loss, t.Linear, t.Error = append(t.Loss, there), append(t.Linear, linear), append(t.Error, math.Abs(there-linear))
	}
	if t.Trust, err = trustRadius(at, loss, norm, radii[0]); err != nil {
		return nil, err
	}
	var logR, logE []float64
	for i, r := range radii {
		if t.Error[i] > 0 && r <= max(t.Trust, radii[min(1, len(radii)-1)]) {
			logR, logE = append(logR, math.Log(r)), append(logE, math.Log(t.Error[i]))
		}
	}
	if len(logR) > 1 {
		_, t.Slope = gonum.LinearRegression(logR, logE, nil, false)
	}
	return t, nil
}

// curvatureAlong is uᵀHu at θ, for a direction u of length 1, from the difference of two gradients.
func curvatureAlong(l Landscape, theta, u []float64) (float64, error) {
	product, err := hessianProduct(l, theta, u)
	if err != nil {
		return 0, err
	}
	return floats.Dot(u, product), nil
}

// trustRadius is the least radius at which the loss, at(r), is off the series by a tenth of r·norm. It looks outwards from the radius
// given, and then halves.
func trustRadius(at func(r float64) (float64, error), loss, norm, radius float64) (float64, error) {
	beyond := func(r float64) (bool, error) {
		there, err := at(r)
		return math.Abs(there-loss+r*norm) > 0.1*r*norm, err
	}
	inside, outside := 0.0, radius
	out, err := beyond(outside)
	for k := 0; err == nil && !out; k++ {
		if k == 200 {
			return 0, fmt.Errorf("the series is good to 10 %% up to a radius of %g and beyond: the loss is linear", outside)
		}
		inside, outside = outside, outside*1.1
		out, err = beyond(outside)
	}
	for k := 0; err == nil && k < 60; k++ {
		middle := (inside + outside) / 2
		if out, err = beyond(middle); out {
			outside = middle
		} else {
			inside = middle
		}
	}
	return inside, err
}
