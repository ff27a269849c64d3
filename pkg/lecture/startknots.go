package lecture

import (
	"errors"
	"fmt"
	"math"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/train"
)

// DrawFirstKnots (claim N12) draws a histogram of knots between −3 and 3 beside the density of b/w for w and b uniform on [−1, 1]: 1/4 up
// to a distance of 1, and 1/(4k²) at a distance k beyond. It panics when there are no knots.
func DrawFirstKnots(knots []float64) *figure.Figure {
	if len(knots) == 0 {
		panic(errors.New("there are no knots: give at least one"))
	}
	const bins = 48
	edges, heights := make([]float64, bins+1), make([]float64, bins)
	for i := range edges {
		edges[i] = -3 + 6*float64(i)/bins
	}
	for _, k := range knots {
		if i := int(math.Floor((k + 3) / 6 * bins)); i >= 0 && i < bins {
			heights[i] += bins / 6. / float64(len(knots))
		}
	}
	return figure.New("Where the first knots lie", figure.X("knot −b/w").Range(-3, 3), figure.Y("density")).
		Bars("drawn", edges, heights).
		Theory("theory", nil, func(k float64) float64 { return 1 / (4 * math.Max(1, k*k)) }).
		VLine(0, "data from 0").VLine(1, "to 1")
}

// UnitGradient (claim N12) is a net of one hidden layer on a target's 201 points, with what automatic differentiation says of its loss
// 1/(2n) Σ r², r = f(x) − y.
type UnitGradient struct {
	Net      *relu.Net
	X        []float64 // the points
	R        []float64 // the residuals there
	Autodiff *relu.Net // the derivatives of the loss, each where its parameter stands
}

// DifferentiateUnits (claim N12) draws a net with its elbows spread over the interval and differentiates its loss. It is an error when a
// setting cannot be, and when the backend cannot compile the net.
func DifferentiateUnits(target problem.Target, width, seed int) (*UnitGradient, error) {
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	if err := (Training{Target: target}).check(); err != nil {
		return nil, err
	}
	xs, ys := target.Grid(201)
	p, err := problem.NewNet(hidden(width), problem.NewPoints(xs, ys))
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(p, "SGD", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	u := &UnitGradient{Net: &relu.Net{Layers: problem.SpreadElbows(xs)(p.Sizes, seed)}, X: xs}
	for i, x := range xs {
		u.R = append(u.R, u.Net.At(x)-ys[i])
	}
	_, gradient, err := t.Evaluate(u.Net.Theta())
	if err != nil {
		return nil, err
	}
	u.Autodiff, err = relu.FromTheta(gradient, p.Sizes...)
	return u, err
}

// Draw draws the residuals, and those at the points where a unit is on. It panics when there is no such unit.
func (u *UnitGradient) Draw(unit int) *figure.Figure {
	w, b := u.Net.Layers[0].W.At(0, unit), u.Net.Layers[0].B[unit]
	fig := figure.New(fmt.Sprintf("What unit %d feels", unit), figure.X("x").Range(u.X[0], u.X[len(u.X)-1]), figure.Y("residual r = f(x) − y")).Line("residual", u.X, u.R)
	var xs, rs []float64
	for i, x := range u.X {
		if w*x+b > 0 && i%4 == 0 {
			xs, rs = append(xs, x), append(rs, u.R[i])
		}
	}
	if len(xs) > 0 {
		fig.Stems("where the unit is on", xs, rs)
	}
	return fig.VLine(-b/w, "its knot")
}
