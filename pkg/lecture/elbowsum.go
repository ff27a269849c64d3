package lecture

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Sum (claim N4) is the best that a sum of elbows without output weights can do with its knots.
type Sum struct {
	Elbows []relu.Elbow // with V = 1
	Error  float64      // root mean square, on a grid
	Floor  float64      // that of any function that is never negative
}

// At is the sum at x.
func (s *Sum) At(x float64) (sum float64) {
	for _, e := range s.Elbows {
		sum += e.At(x)
	}
	return sum
}

// Draw draws the sum and the target, and shades what no sum of elbows reaches of it.
func (s *Sum) Draw(target problem.Target) *figure.Figure {
	fig := Graph(fmt.Sprintf("No output weights: the best sum with %d knots at equal distances", len(s.Elbows)), target).
		Line("best sum with these knots", nil, s.At).Theory("target", nil, target.F)
	xs := figure.Between(target.Lo, target.Hi)
	below := figure.Column(xs, target.F)
	for i, y := range below {
		if y >= 0 {
			below[i] = math.NaN() // a gap in the band
		}
	}
	if slices.ContainsFunc(below, func(y float64) bool { return y < 0 }) {
		fig.Band("out of reach: below 0", xs, below, make([]float64, len(xs)))
	}
	return fig
}

// BestSum (claim N4) fits d elbows, half of them opening to the right and half to the left, with their knots at equal distances, by
// least squares on 201 points. Their slopes are at least 0 because there are no output weights. It is found by coordinate descent, which
// finds the optimum because the problem is convex. It panics when d is not between 1 and 2^20, and when the target or a value of it
// is not finite, or above 1e100.
func BestSum(target problem.Target, d int) *Sum {
	mustCount("d", d)
	xs, ys := target.Grid(201)
	for i, x := range xs {
		if !(math.Abs(x) <= 1e100 && math.Abs(ys[i]) <= 1e100) { // the squares of others leave float64
			panic(fmt.Errorf("the target has the value %v at %v: give one whose numbers are finite, and 1e100 at most", ys[i], x))
		}
	}
	s := new(Sum)
	for k := range d {
		knot := target.Lo + (target.Hi-target.Lo)*float64(k/2)/float64((d+1)/2)
		if k%2 == 0 {
			s.Elbows = append(s.Elbows, relu.Elbow{V: 1, W: 1, B: -knot})
		} else {
			s.Elbows = append(s.Elbows, relu.Elbow{V: 1, W: -1, B: target.Lo + target.Hi - knot})
		}
	}
	features := mat.NewDense(len(xs), d, nil)
	for i, x := range xs {
		for k, e := range s.Elbows {
			features.Set(i, k, e.Unscaled(x))
		}
	}
	slopes := make([]float64, d)
	residual := mat.NewVecDense(len(ys), slices.Clone(ys))
	for range 20_000 {
		moved := 0.0
		for k := range slopes {
			column := features.ColView(k)
			size := mat.Dot(column, column)
			if size == 0 {
				continue
			}
			change := max(slopes[k]+mat.Dot(column, residual)/size, 0) - slopes[k]
			slopes[k] += change
			residual.AddScaledVec(residual, -change, column)
			moved = max(moved, math.Abs(change))
		}
		if moved < 1e-12 {
			break
		}
	}
	for k := range s.Elbows {
		s.Elbows[k].W *= slopes[k]
		s.Elbows[k].B *= slopes[k]
	}
	for _, y := range ys {
		s.Floor += min(y, 0) * min(y, 0) / float64(len(ys))
	}
	s.Floor = math.Sqrt(s.Floor)
	s.Error = math.Sqrt(mat.Dot(residual, residual) / float64(len(ys)))
	return s
}
