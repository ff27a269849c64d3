package relu_test

import (
	"fmt"
	"math"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// A net that nobody trained: through four points, by three elbows.
func ExampleInterpolate() {
	net, err := relu.Interpolate([]float64{0, 1, 2, 3}, []float64{1, 3, 2, 2})
	if err != nil {
		panic(err)
	}
	elbows, bias, err := net.Elbows()
	if err != nil {
		panic(err)
	}
	fmt.Println("bias", bias)
	for _, e := range elbows {
		fmt.Printf("%+g·max(0, %+g·x%+g): knot at %g\n", e.V, e.W, e.B, e.Knot())
	}
	fmt.Println(net.At(0), net.At(0.5), net.At(1), net.At(2), net.At(3))
	// Output:
	// bias 3
	// -1·max(0, +1·x-1): knot at 1
	// +1·max(0, +1·x-2): knot at 2
	// -2·max(0, -1·x+1): knot at 1
	// 1 2 3 2 2
}

// Values and gradients at the nodes of a net: what its circuit shows.
func ExampleNet_Backward() {
	net, err := relu.Sum([]relu.Elbow{{V: 2, W: 1, B: -0.5}, {V: 1, W: -1, B: 0.25}}, 0.1)
	if err != nil {
		panic(err)
	}
	trace := net.Forward([]float64{1})
	fmt.Println("z", trace.Z[0], "h", trace.H[0], "f", trace.Output())
	g := net.Backward(trace, []float64{1})
	fmt.Println("∂f/∂z", g.Z[0], "∂f/∂h", g.H[0], "∂f/∂x", g.X)
	fmt.Println("∂f/∂θ", g.Theta())
	// Output:
	// z [0.5 -0.75] h [0.5 0] f [1.1]
	// ∂f/∂z [2 0] ∂f/∂h [2 1] ∂f/∂x [2]
	// ∂f/∂θ [2 0 2 0 1 0.5 0]
}

// Six layers of two units fold the interval into 64 pieces; one layer of as many units has 13 at most.
func ExampleSawtooth() {
	net := relu.Sawtooth(6)
	pieces, err := net.Pieces(0, 1)
	if err != nil {
		panic(err)
	}
	most, err := relu.ShallowRegions(1, 12)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(pieces), "pieces, the first", pieces[0], "– in one layer", most)
	// Output: 64 pieces, the first {0 0.015625 64 0} – in one layer 13
}

// How well d pieces can do, with equal pieces and with the best, on a function that is steep at one end.
func ExampleFreeKnots() {
	root, err := problem.Through([]float64{0, 0.01, 0.1, 1}, []float64{0, 1, 1.5, 1.6})
	if err != nil {
		panic(err)
	}
	xs, ys := root.Grid(101)
	for knots := range 3 {
		best, err := relu.FreeKnots(xs, ys, xs[1:100], knots)
		if err != nil {
			panic(err)
		}
		equal, err := relu.Uniform(root.F, 0, 1, knots+1)
		if err != nil {
			panic(err)
		}
		squares := 0.0
		for i, x := range xs {
			squares += math.Pow(equal.At(x)-ys[i], 2)
		}
		fmt.Printf("%d knots: best at %.2g, %.3f; interpolated at equal distances %.3f\n",
			knots, best.Knots[1:knots+1], best.Squares, squares)
	}
	// Output:
	// 0 knots: best at [], 2.496; interpolated at equal distances 66.605
	// 1 knots: best at [0.05], 0.510; interpolated at equal distances 29.930
	// 2 knots: best at [0.01 0.1], 0.000; interpolated at equal distances 17.885
}

func ExampleElbow_Describe() {
	elbow := relu.Elbow{V: -1, W: 1.5, B: -0.5}
	fmt.Printf("%v: %s\n", elbow, elbow.Describe())
	fmt.Println(relu.Elbow{V: 2, B: 1}.Describe())
	// Output:
	// w = 1.5, b = −0.5, v = −1: the knot is at −b/w = 0.333, the slope is vw = −1.500 on its side
	// with w = 0 there is no knot, and the elbow is the constant 2.000
}
