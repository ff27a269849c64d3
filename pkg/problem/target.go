package problem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Target is a function of one variable on an interval, to be learned from points.
type Target struct {
	Name   string
	F      func(x float64) float64
	Lo, Hi float64
	// Knots are where F has a kink or a jump, ascending; none for a smooth function.
	Knots []float64
}

// Targets returns the functions to learn, by kind: smooth, kinked, discontinuous, oscillating, and Lecturer.
func Targets() []Target {
	return []Target{
		{Name: "sine", F: func(x float64) float64 { return math.Sin(2 * math.Pi * x) }, Lo: 0, Hi: 1},
		{Name: "kinks", F: func(x float64) float64 { return 2*math.Abs(x-0.3) - 3*math.Abs(x-0.7) + 0.5 }, Lo: 0, Hi: 1,
			Knots: []float64{0.3, 0.7}},
		{Name: "jump", F: func(x float64) float64 {
			if x < 0.5 {
				return -1
			}
			return 1
		}, Lo: 0, Hi: 1, Knots: []float64{0.5}},
		{Name: "chirp", F: func(x float64) float64 { return math.Sin(2 * math.Pi * x * (1 + 5*x)) }, Lo: 0, Hi: 1},
		Lecturer(),
	}
}

// TargetByName returns the one of Targets that has the name. It is an error when none has.
func TargetByName(name string) (Target, error) {
	var names []string
	for _, t := range Targets() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Target{}, fmt.Errorf("there is no target %q: choose one of %s", name, strings.Join(names, ", "))
}

// Lecturer is the piecewise linear function of ten pieces on [0, 1] that CS182 lets students train small nets on: it has
// the value sin(12345·k) at k/10.
//
// Source: Berkeley CS182, spring 2025, discussion 3, "ReLUs and Neural Network Intuition with different Optimizers".
func Lecturer() Target {
	xs, ys := make([]float64, 11), make([]float64, 11)
	for k := range xs {
		xs[k], ys[k] = float64(k)/10, math.Sin(12345*float64(k))
	}
	t, err := Through(xs, ys)
	if err != nil {
		panic(err)
	}
	t.Name = "lecturer's"
	return t
}

// Through is the piecewise linear function through the points (x, y): a target of your own. It is an error when there are fewer
// than two points, when xs and ys differ in length, when xs does not ascend, or when a number is not finite.
func Through(xs, ys []float64) (Target, error) {
	if len(xs) < 2 || len(ys) != len(xs) {
		return Target{}, fmt.Errorf("xs has %d elements and ys %d: they must be as many, and at least 2", len(xs), len(ys))
	}
	for i, x := range xs {
		if !finite(x) || !finite(ys[i]) {
			return Target{}, fmt.Errorf("point %d is (%v, %v): both must be finite numbers", i, x, ys[i])
		}
		if i > 0 && x <= xs[i-1] {
			return Target{}, fmt.Errorf("xs[%d] is %v: it must be greater than the one before, %v", i, x, xs[i-1])
		}
	}
	xs, ys = slices.Clone(xs), slices.Clone(ys)
	last := len(xs) - 1
	return Target{
		Name: "through points", Lo: xs[0], Hi: xs[last], Knots: xs[1:last],
		F: func(x float64) float64 {
			i, _ := slices.BinarySearch(xs[1:last], x) // the piece, from xs[i] to xs[i+1]
			t := (x - xs[i]) / (xs[i+1] - xs[i])
			return (1-t)*ys[i] + t*ys[i+1]
		},
	}, nil
}

// mustHave panics when the target has no function, or n points of it would not fit into memory.
func (t Target) mustHave(n int) {
	if t.F == nil {
		panic("the target has no function: set F, or take one of Targets")
	}
	mustHaveMemory(max(n, 1), 2)
}

// Grid returns n points at equal distances from Lo to Hi, and F there; of one point it is Lo. It panics when F is
// nil or they would not fit into memory.
func (t Target) Grid(n int) (xs, ys []float64) {
	t.mustHave(n)
	for i := range n {
		x := t.Lo + (t.Hi-t.Lo)*float64(i)/float64(max(n-1, 1))
		xs, ys = append(xs, x), append(ys, t.F(x))
	}
	return xs, ys
}

// Sample returns n points drawn uniformly, ascending, and F there plus Gaussian noise of the standard deviation given. It
// panics when F is nil or they would not fit into memory.
func (t Target) Sample(n int, noise float64, seed int) (xs, ys []float64) {
	t.mustHave(n)
	rng := rand.New(rand.NewPCG(uint64(seed), 182))
	for range n {
		xs = append(xs, t.Lo+(t.Hi-t.Lo)*rng.Float64())
	}
	slices.Sort(xs)
	for _, x := range xs {
		ys = append(ys, t.F(x)+noise*rng.NormFloat64())
	}
	return xs, ys
}
