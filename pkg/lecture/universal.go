package lecture

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// within is at how many places of a piece a target is looked at.
const within = 100

// Oscillation (claim N6) is the most by which the target's values differ within one of d equal pieces, measured at 101 places of each. For a
// continuous function it falls to 0 as d grows, since a continuous function on a compact interval is uniformly continuous. It panics when
// the target has no function, or d is not between 1 and 2^20.
func Oscillation(target problem.Target, d int) (most float64) {
	for _, box := range boxes(target, d) {
		most = max(most, box[1]-box[0])
	}
	return most
}

// boxes are the least and the greatest value of the target on each of d equal pieces.
func boxes(target problem.Target, d int) (all [][2]float64) {
	mustCount("d", d)
	if target.F == nil {
		panic("the target has no function: set F")
	}
	h := (target.Hi - target.Lo) / float64(d)
	for k := range d {
		box := [2]float64{math.Inf(1), math.Inf(-1)}
		for i := range within + 1 {
			y := target.F(target.Lo + (float64(k)+float64(i)/within)*h)
			box = [2]float64{min(box[0], y), max(box[1], y)}
		}
		all = append(all, box)
	}
	return all
}

// Refinement (claim N6) is how far nets with more and more knots at equal distances are from a target.
type Refinement struct {
	Target           problem.Target
	Pieces           []int
	Largest          []float64 // |f − net|, at 100 places of each piece and those of MaxDifference
	RootMeanSquare   []float64 // of f − net
	LargestVariation []float64 // Oscillation: what the proof bounds the largest error by
}

// Refine (claim N6) writes down the net of each number of pieces. It is an error when a number of pieces is not positive, and when a
// value of the target is not finite.
func Refine(target problem.Target, pieces []int) (*Refinement, error) {
	r := &Refinement{Target: target, Pieces: pieces}
	for _, d := range pieces {
		if _, err := relu.Uniform(target.F, target.Lo, target.Hi, d); err != nil {
			return nil, err
		}
		knots, values := target.Grid(d + 1)
		net := relu.Fit{Knots: knots, Values: values} // the same function, which is found in less time for a large d
		largest, squares, places := MaxDifference(net.At, target.F, target.Lo, target.Hi), 0.0, d*within
		for i := range places {
			x := target.Lo + (target.Hi-target.Lo)*(float64(i)+0.5)/float64(places)
			off := math.Abs(net.At(x) - target.F(x))
			largest, squares = max(largest, off), squares+off*off/float64(places)
		}
		r.Largest, r.RootMeanSquare = append(r.Largest, largest), append(r.RootMeanSquare, math.Sqrt(squares))
		r.LargestVariation = append(r.LargestVariation, Oscillation(target, d))
	}
	return r, nil
}

// net is the one of d pieces.
func (r *Refinement) net(d int) (*relu.Net, error) {
	if err := given("refinement", r); err != nil {
		return nil, err
	}
	return relu.Uniform(r.Target.F, r.Target.Lo, r.Target.Hi, d)
}

// DrawJump (claim N6) draws the net of d pieces and the errors over the number of pieces for the target "jump", with theory for odd numbers
// of pieces: the jump is then in the middle of one, where the net passes through 0.
func (r *Refinement) DrawJump(d int) (*figure.Figure, error) {
	net, err := r.net(d)
	if err != nil {
		return nil, err
	}
	target := r.Target
	stays := figure.Column(r.Pieces, func(int) float64 { return 1 })
	falls := figure.Column(r.Pieces, func(d int) float64 { return 1 / math.Sqrt(3*float64(d)) })
	picture := Graph(fmt.Sprintf("A jump, and a net of %d pieces", d), target).Line("net", nil, net.At).
		Theory("f", []float64{0, 0.5, 0.5, 1}, []float64{-1, -1, 1, 1})
	return figure.Row(picture, figure.New("Two ways to measure the error", figure.LogX("number d of pieces"), figure.LogY("error")).
		Theory("theory: 1", r.Pieces, stays).Theory("theory: 1/√(3d)", r.Pieces, falls).
		Points("largest error", r.Pieces, positive(r.Largest)).Points("root mean square", r.Pieces, positive(r.RootMeanSquare))), nil
}

// DrawProof (claim N6) draws the step of the proof: on each of d pieces a box from the target's least value there to its greatest, in
// which both the target and the net stay, and how the boxes and the largest error shrink.
func (r *Refinement) DrawProof(d int) (*figure.Figure, error) {
	net, err := r.net(d)
	if err != nil {
		return nil, err
	}
	target := r.Target
	var xs, low, high []float64
	h := (target.Hi - target.Lo) / float64(d)
	for k, box := range boxes(target, d) {
		left := target.Lo + float64(k)*h
		xs, low, high = append(xs, left, left+h), append(low, box[0], box[0]), append(high, box[1], box[1])
	}
	picture := Graph(fmt.Sprintf("%d pieces, each with its box", d), target).Line("net", nil, net.At).
		Theory("f", nil, target.F).Band("box of a piece", xs, low, high)
	errors := figure.New("The error stays below the tallest box", figure.LogX("number d of pieces"), figure.LogY("height or error")).
		Theory("tallest box", r.Pieces, positive(r.LargestVariation)).Points("largest error of the net", r.Pieces, positive(r.Largest)).
		VLine(float64(d), "d")
	return figure.Row(picture, errors), nil
}

// DrawBumps (claim N7) draws a bump of two sigmoids, σ(k(x − a)) − σ(k(x − b)), for the steepness k, and the sum of a bump for each of d
// pieces that has the target's height there: steps up and down, which are d−1 units and a constant. The steepness of the sum is in
// units of a piece. It is an error as with Staircase.
func DrawBumps(target problem.Target, d int, steepness float64) (*figure.Figure, error) {
	h := (target.Hi - target.Lo) / float64(d)
	a, b, k := target.Lo+h*math.Floor(float64(d)/4), target.Lo+h*math.Floor(float64(d)/4+1), steepness/h
	step := func(edge float64) func(x float64) float64 {
		return func(x float64) float64 { return problem.Sigmoid.At(k * (x - edge)) }
	}
	up, down := step(a), step(b)
	sum, err := Staircase(target, d-1, steepness, problem.Sigmoid)
	if err != nil {
		return nil, err
	}
	xs := figure.Between(target.Lo, target.Hi)
	one := figure.New("Two sigmoids make a bump", figure.X("x").Range(target.Lo, target.Hi), figure.Y("output")).
		Band("their sum: a bump", xs, make([]float64, len(xs)), figure.Column(xs, func(x float64) float64 { return up(x) - down(x) })).
		Line("a step up: σ(k(x − a))", xs, up).Line("a step down: −σ(k(x − b))", xs, func(x float64) float64 { return -down(x) })
	return figure.Row(one, Graph(fmt.Sprintf("%d bumps make the function", d), target).
		Theory("target", nil, target.F).Line(fmt.Sprintf("sum of %d bumps", d), nil, sum)), nil
}

// Tower (claim N6) is a ReLU net of two inputs and two hidden layers that is height 1 on the square |x₁|, |x₂| ≤ 1/2 − ramp and 0 outside of |x₁|,
// |x₂| ≤ 1/2: four elbows make a ridge along each axis, and the second layer keeps what of their sum is above 1.
func Tower(ramp float64) *relu.Net {
	net := relu.New(2, 8, 1, 1)
	knots, weights := []float64{-0.5, ramp - 0.5, 0.5 - ramp, 0.5}, []float64{1, -1, -1, 1}
	for input := range 2 {
		for k, knot := range knots {
			unit := 4*input + k
			net.Layers[0].W.Set(input, unit, 1)
			net.Layers[0].B[unit] = -knot
			net.Layers[1].W.Set(unit, 0, weights[k]/ramp)
		}
	}
	net.Layers[1].B[0] = -1
	net.Layers[2].W.Set(0, 0, 1)
	return net
}

// DrawTower (claim N6) draws the two ridges of Tower added up, and what its second layer leaves of them.
func DrawTower(ramp float64) *figure.Figure {
	net := Tower(ramp)
	panel := func(title string, height func(x, y float64) float64) *figure.Figure {
		return figure.New(title, figure.X("x₁").Range(-1, 1), figure.Y("x₂").Range(-1, 1)).
			Contour("height", height, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9)
	}
	return figure.Row(
		panel("First layer: two ridges, added", func(x, y float64) float64 { return net.Forward([]float64{x, y}).Z[1][0] + 1 }),
		panel("Second layer: what is above 1", func(x, y float64) float64 { return net.Output([]float64{x, y})[0] }))
}

// BestParabola (claim N6) is what the largest error of a net of one hidden layer is at least, at 1,001 places of the target, when its
// non-linearity is z²: each unit (wx + b)² is a parabola, and so is any sum of them, whatever the width. For any weights of the places that add up
// to 1, the best parabola's weighted root mean square error is such a bound, because no root mean square exceeds the largest error. The bound rises to the
// least largest error as each weight is multiplied by the error at its place, again and again. It panics when a value of the target is not finite.
//
// Source: C. L. Lawson (1961), "Contributions to the theory of linear least maximum approximation", University of California, Los Angeles.
func BestParabola(target problem.Target) (bound float64) {
	xs, ys := target.Grid(1001)
	n := len(xs)
	weights := figure.Column(xs, func(float64) float64 { return 1 / float64(n) })
	features, heights, best := mat.NewDense(n, 3, nil), mat.NewVecDense(n, nil), new(mat.VecDense)
	for range 200 {
		for i := range xs {
			z, root := 2*float64(i)/float64(n-1)-1, math.Sqrt(weights[i])
			features.SetRow(i, []float64{root, root * z, root * z * z})
			heights.SetVec(i, root*ys[i])
		}
		if err := best.SolveVec(features, heights); err != nil {
			panic(fmt.Errorf("the parabola that is nearest to %s: %w", target.Name, err))
		}
		squares, sum := 0.0, 0.0
		for i := range xs {
			z := 2*float64(i)/float64(n-1) - 1
			off := math.Abs(best.AtVec(0) + best.AtVec(1)*z + best.AtVec(2)*z*z - ys[i])
			squares += weights[i] * off * off
			weights[i] *= off
			sum += weights[i]
		}
		if bound = max(bound, math.Sqrt(squares)); sum < 1e-12 {
			break // the target is a parabola
		}
		for i := range weights {
			weights[i] /= sum
		}
	}
	return bound
}
