package lecture

import (
	"fmt"
	"math"
	"strings"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Approximation (claim N2) is the greatest error of piecewise functions with more and more pieces.
type Approximation struct {
	Pieces           []float64
	Constant, Linear []float64 // the greatest |f − approximation|
	// The bounds M₁h/2 and M₂h²/8 for a smooth target, M₁ and M₂ being the greatest |f′| and |f″|; nil for one with a kink or a jump.
	ConstantBound, LinearBound []float64
}

// Draw (claim N2) draws the errors over the number of pieces, and the bounds where there are some.
func (a *Approximation) Draw() *figure.Figure {
	fig := figure.New("The largest error", figure.LogX("number d of pieces"), figure.LogY("max |f − approximation|"))
	if a.LinearBound != nil {
		fig.Theory("bound M₁h/2", a.Pieces, a.ConstantBound).Theory("bound M₂h²/8", a.Pieces, a.LinearBound)
	}
	return fig.Points("piecewise linear", a.Pieces, positive(a.Linear)).Points("piecewise constant", a.Pieces, positive(a.Constant))
}

// Rates (claim N2) says how the errors fall with d: the exponents of the power laws of Tail.
func (a *Approximation) Rates() string {
	words := ""
	for _, of := range []struct {
		name   string
		errors []float64
	}{{"piecewise linear", a.Linear}, {"piecewise constant", a.Constant}} {
		fit, err := Tail(a.Pieces, positive(of.errors))
		if err != nil {
			continue
		}
		if fit.Exponent.Value > -0.1 {
			words += of.name + ": the error does not fall\n"
			continue
		}
		words += fmt.Sprintf("%s: the error falls like d^%.3f\n", of.name, fit.Exponent.Value)
	}
	return strings.TrimSuffix(words, "\n")
}

// positive are errors of which none is 0, as a logarithm wants.
func positive(errors []float64) []float64 {
	return figure.Column(errors, func(e float64) float64 { return max(e, 1e-300) })
}

// String compares the errors with the most pieces.
func (a *Approximation) String() string {
	last := len(a.Pieces) - 1
	if last < 0 {
		return "no pieces"
	}
	return fmt.Sprintf("%g pieces: the lines are off by %.2g at most, the constants by %.2g.", a.Pieces[last], a.Linear[last], a.Constant[last])
}

// Approximate (claim N2) measures both on d equal pieces, for each d: the constant of a piece is f's value in its middle, the line joins
// f's values at its ends. A piece holds its left end, and not its right one, where f may jump. It panics when the target has no function, or a number of pieces is not between 1
// and 2^20.
func Approximate(target problem.Target, pieces []int) *Approximation {
	a := new(Approximation)
	if target.F == nil {
		panic("the target has no function: set F")
	}
	for _, d := range pieces {
		mustCount("d", d)
		constant, linear := 0.0, 0.0
		h := (target.Hi - target.Lo) / float64(d)
		for k := range d {
			lo := target.Lo + float64(k)*h
			middle, left, right := target.F(lo+h/2), target.F(lo), target.F(lo+h)
			const places = 100
			for i := range places + 1 {
				s := min(float64(i)/places, 1-1e-9)
				y := target.F(lo + s*h)
				constant, linear = max(constant, math.Abs(y-middle)), max(linear, math.Abs(y-(1-s)*left-s*right))
			}
		}
		a.Pieces, a.Constant, a.Linear = append(a.Pieces, float64(d)), append(a.Constant, constant), append(a.Linear, linear)
	}
	if len(target.Knots) == 0 {
		slope, curvature := steepest(target)
		for _, d := range pieces {
			h := (target.Hi - target.Lo) / float64(d)
			a.ConstantBound = append(a.ConstantBound, relu.ConstantBound(slope, h))
			a.LinearBound = append(a.LinearBound, relu.LinearBound(curvature, h))
		}
	}
	return a
}

// steepest are the greatest |f′| and |f″| of a smooth target, by central differences at 10,000 places.
func steepest(target problem.Target) (slope, curvature float64) {
	const places = 10_000
	h := (target.Hi - target.Lo) / places
	for i := 1; i < places; i++ {
		x := target.Lo + float64(i)*h
		left, here, right := target.F(x-h), target.F(x), target.F(x+h)
		slope = max(slope, math.Abs(right-left)/(2*h), math.Abs(here-left)/h, math.Abs(right-here)/h)
		curvature = max(curvature, math.Abs(right-2*here+left)/(h*h))
	}
	return slope, curvature
}

// Stairs (claim N2) is the piecewise constant function of Approximate, to be drawn: d steps of two points each. It panics when d is not between 1 and
// 2^20.
func Stairs(target problem.Target, d int) (xs, ys []float64) {
	mustCount("d", d)
	if target.F == nil {
		panic("the target has no function: set F")
	}
	h := (target.Hi - target.Lo) / float64(d)
	for k := range d {
		lo := target.Lo + float64(k)*h
		y := target.F(lo + h/2)
		xs, ys = append(xs, lo, lo+h), append(ys, y, y)
	}
	return xs, ys
}
