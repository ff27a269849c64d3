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

// DrawFolds (claim N9) draws g on [0, 1] after 0, 1, … folds, beside each other: each fold replaces x by tent(x), which takes both halves
// of [0, 1] onto the whole. So the graph of g is copied, every second time in a mirror. It panics when folds is not between 1 and 4, or a
// function is nil.
func DrawFolds(g, tent func(x float64) float64, folds int) *figure.Figure {
	if folds < 1 || folds > 4 || g == nil || tent == nil {
		panic(fmt.Errorf("folds is %d: it must be between 1 and 4, and both functions must be given", folds))
	}
	var panels []*figure.Figure
	for k := range folds + 1 {
		title := "g(x)"
		if k > 0 {
			title = []string{"g after one fold", "after two folds", "after three folds", "after four folds"}[k-1]
		}
		fig := figure.New(title, figure.X("x").Range(0, 1), figure.Y("value").Range(0, 1))
		for part := range 1 << k { // between two creases
			lo, hi := float64(part)/float64(int(1)<<k), float64(part+1)/float64(int(1)<<k)
			var xs, ys []float64
			for i := range 101 {
				x := lo + (hi-lo)*float64(i)/100
				h := x
				for range k {
					h = tent(h)
				}
				xs, ys = append(xs, x), append(ys, g(h))
			}
			fig.Line([]string{"g", "g in the mirror"}[part%2], xs, ys)
		}
		panels = append(panels, fig)
	}
	return figure.Row(panels...)
}

// DrawTeeth (claim N9) draws the sawteeth of 1 to depth hidden layers, beside each other, and the level that each of their pieces crosses
// once. It panics when depth is not between 1 and 14: each layer doubles the teeth.
func DrawTeeth(depth int) *figure.Figure {
	if depth < 1 || depth > 14 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 14", depth))
	}
	var panels []*figure.Figure
	for layers := 1; layers <= depth; layers++ {
		saw := Sawtooth(layers)
		title := fmt.Sprintf("%d layers: %d crossings", layers, 1<<layers)
		if layers == 1 {
			title = "1 layer: 2 crossings"
		}
		panels = append(panels, figure.New(title, figure.X("x").Range(0, 1), figure.Y("f(x)")).
			Line("net", slices.Concat([]float64{0}, saw.Knots, []float64{1}), saw.F).HLine(0.5, "level ½"))
	}
	return figure.Row(panels...)
}

// Sawtooth (claim N9) is the sawtooth of 2^depth linear pieces between 0 and 1 on [0, 1]. It panics when depth is not between 1 and 20.
func Sawtooth(depth int) problem.Target {
	if depth < 1 || depth > 20 {
		panic(fmt.Errorf("depth is %d: it must be between 1 and 20", depth))
	}
	net := relu.Sawtooth(depth)
	t := problem.Target{Name: fmt.Sprintf("sawtooth of %d pieces", 1<<depth), F: net.At, Lo: 0, Hi: 1}
	for k := 1; k < 1<<depth; k++ {
		t.Knots = append(t.Knots, float64(k)/float64(int(1)<<depth))
	}
	return t
}

// TeethCost (claim N9) is what one hidden layer needs for the sawtooth of 2^Depth pieces.
type TeethCost struct {
	Depth         int
	Deep, Shallow int // parameters: of the deep net, 6·Depth + 1, and of one hidden layer of 2^Depth units, 3·2^Depth + 1
	// OnePerKink is the greatest error of one hidden layer with a unit at each of the 2^Depth − 1 kinks, fitted by least squares, the best of
	// all ways to turn the units; OneMore is that with a further unit that is on everywhere. Both are NaN above a depth of 3, where
	// the ways are too many.
	OnePerKink, OneMore float64
}

// CountTeeth (claim N9) computes the costs up to a depth. It is an error when depth is not between 1 and 20, and when a fit fails.
func CountTeeth(depth int) (all []TeethCost, err error) {
	if depth < 1 || depth > 20 {
		return nil, fmt.Errorf("depth is %d: it must be between 1 and 20", depth)
	}
	for d := 1; d <= depth; d++ {
		units := 1 << d
		c := TeethCost{Depth: d, Deep: 6*d + 1, Shallow: 3*units + 1, OnePerKink: math.NaN(), OneMore: math.NaN()}
		if d <= 3 {
			if c.OnePerKink, c.OneMore, err = fitTeeth(Sawtooth(d)); err != nil {
				return nil, err
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// fitTeeth are the greatest errors of TeethCost.
func fitTeeth(saw problem.Target) (onePerKink, oneMore float64, err error) {
	xs, ys := saw.Grid(257)
	onePerKink, oneMore = math.Inf(1), math.Inf(1)
	for turned := range 1 << len(saw.Knots) {
		var columns []func(x float64) float64
		columns = append(columns, func(float64) float64 { return 1 })
		for j, knot := range saw.Knots {
			side := 1.0
			if turned>>j&1 == 1 {
				side = -1
			}
			columns = append(columns, func(x float64) float64 { return max(0, side*(x-knot)) })
		}
		for i, more := range []*float64{&onePerKink, &oneMore} {
			if i == 1 {
				columns = append(columns, func(x float64) float64 { return x })
			}
			off, err := fitGreatest(columns, xs, ys)
			if err != nil {
				return 0, 0, err
			}
			*more = min(*more, off)
		}
	}
	return onePerKink, oneMore, nil
}

// fitGreatest is the greatest error at the points of the sum of the functions that fits them best by least squares.
func fitGreatest(columns []func(x float64) float64, xs, ys []float64) (float64, error) {
	a := mat.NewDense(len(xs), len(columns), nil)
	a.Apply(func(i, j int, _ float64) float64 { return columns[j](xs[i]) }, a)
	y := mat.NewVecDense(len(ys), slices.Clone(ys))
	var c, fitted mat.VecDense
	if err := c.SolveVec(a, y); err != nil {
		return 0, fmt.Errorf("the least-squares fit: %w", err)
	}
	fitted.MulVec(a, &c)
	fitted.SubVec(&fitted, y)
	return mat.Norm(&fitted, math.Inf(1)), nil
}

// DrawTeethCost (claim N9) draws the parameters of both nets over the depth.
func DrawTeethCost(all []TeethCost) *figure.Figure {
	depth := figure.Column(all, func(c TeethCost) int { return c.Depth })
	return figure.New("Parameters for the sawtooth", figure.X("doublings L of the pieces"), figure.LogY("parameters")).
		Line("one hidden layer", depth, figure.Column(all, func(c TeethCost) int { return c.Shallow })).
		Line("L layers of two units", depth, figure.Column(all, func(c TeethCost) int { return c.Deep }))
}
