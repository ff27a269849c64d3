package lecture

import (
	"fmt"
	"math"

	"descent.example/pkg/problem"
)

// Approximation (claim N2) is the greatest error of piecewise functions with more and more pieces.
type Approximation struct {
	Pieces           []float64
	Constant, Linear []float64 // the greatest |f − approximation|
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
// f's values at its ends. It panics when the target has no function, or a number of pieces is not between 1
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
				s := float64(i) / places
				y := target.F(lo + s*h)
				constant, linear = max(constant, math.Abs(y-middle)), max(linear, math.Abs(y-(1-s)*left-s*right))
			}
		}
		a.Pieces, a.Constant, a.Linear = append(a.Pieces, float64(d)), append(a.Constant, constant), append(a.Linear, linear)
	}
	return a
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
