package lecture

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Construction (claim N5) is a net that was written down, not trained, on d pieces.
type Construction struct {
	Pieces  int
	AtKnots float64 // the greatest |f − net| at the knots
	Between float64 // and on 20 places of each piece
	Bound   float64 // M h²/8 for the target's M, if it has one
}

// Construct (claim N5) interpolates a target with each number of pieces. curvature is M ≥ |f″|; 0: unknown. It is an error when a number
// of pieces is not positive, when a value of the target is not finite, and when the curvature is negative or not finite.
func Construct(target problem.Target, pieces []int, curvature float64) (all []Construction, err error) {
	if !(curvature >= 0 && curvature <= math.MaxFloat64) {
		return nil, fmt.Errorf("curvature is %v: it must be a finite number, at least 0; 0 if it is not known", curvature)
	}
	for _, d := range pieces {
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, d)
		if err != nil {
			return nil, err
		}
		h := (target.Hi - target.Lo) / float64(d)
		r := Construction{Pieces: d, Bound: relu.LinearBound(curvature, h)}
		const places = 20
		stride := max(1, d/256) // every piece of a small net, and as many of a large one
		for k := 0; k < d; k += stride {
			for i := range places {
				x := target.Lo + (target.Hi-target.Lo)*float64(k)/float64(d) + float64(i)*h/places
				off := math.Abs(net.At(x) - target.F(x))
				if i == 0 {
					r.AtKnots = max(r.AtKnots, off)
				}
				r.Between = max(r.Between, off)
			}
		}
		if !(r.Between <= math.MaxFloat64) {
			return nil, fmt.Errorf("the target differs from its net by %v: give a target whose values are finite", r.Between)
		}
		all = append(all, r)
	}
	return all, nil
}

// DrawConstruction (claim N5) draws what a net of one hidden layer does to reach the points (xs[i], ys[i]), in four panels: each unit's
// wx + b, clipped at 0, multiplied by its output weight, and the sum of all of them and the constant, with where it would go from each
// point without the units further to the right. It is for nets whose elbows all open to the right. It panics when the net has not one hidden layer, one
// input and one output.
func DrawConstruction(net *relu.Net, xs, ys []float64) *figure.Figure {
	mustBeNet(net)
	elbows, constant, err := net.Elbows()
	if err != nil {
		panic(err)
	}
	lo, hi := xs[0], xs[len(xs)-1]
	panel := func(title, y string) *figure.Figure {
		return figure.New(title, figure.X("x").Range(lo, hi), figure.Y(y))
	}
	zero := []float64{0, 0}
	before := panel("1. Weight and bias", "wx + b").Theory("0", []float64{lo, hi}, zero)
	clipped := panel("2. Clipped at 0", "max(0, wx + b)").Theory("0", []float64{lo, hi}, zero)
	weighted := panel("3. Times the output weight", "v · max(0, wx + b)").Theory("0", []float64{lo, hi}, zero)
	low, high := min(slices.Min(ys), constant), max(slices.Max(ys), constant)
	room := (high - low) / 4
	summed := figure.New("4. Added up, from left to right", figure.X("x").Range(lo, hi), figure.Y("sum so far").Range(low-room, high+room))
	sum := func(float64) float64 { return constant }
	var stray [][2][]float64 // where a sum goes beyond the next knot, from and to
	for k, e := range elbows {
		name, on, without := fmt.Sprintf("unit %d", k+1), []float64{max(lo, e.Knot()), hi}, sum
		sum = func(x float64) float64 { return without(x) + e.At(x) }
		before.Line(name, []float64{lo, hi}, func(x float64) float64 { return e.W*x + e.B })
		clipped.Line(name, on, e.Unscaled)
		weighted.Line(name, on, e.At)
		if k+1 == len(elbows) {
			break
		}
		on[0] = max(lo, elbows[k+1].Knot())         // from where the next unit bends the sum
		from, to, reach := sum(on[0]), sum(hi), 1.0 // a straight line, which is drawn as far as there is room
		if to > high+room {
			reach = (high + room - from) / (to - from)
		} else if to < low-room {
			reach = (low - room - from) / (to - from)
		}
		on[1] = on[0] + 0.999*reach*(hi-on[0])
		stray = append(stray, [2][]float64{on, {from, sum(on[1])}})
	}
	summed.Line("sum of all units", nil, sum).Points("your points", xs, ys)
	for _, line := range stray {
		summed.Theory("without the later units", line[0], line[1])
	}
	return figure.Grid(2, before, clipped, weighted, summed)
}

// Textbook (claim N5) is the net that goes through the points (xs[i], ys[i]) with the weights of the textbook: each elbow opens to the right
// from a point, and its output weight is the change of slope there. It is exact on paper. It is an error when the points are not those
// of relu.Interpolate.
func Textbook(xs, ys []float64) (*relu.Net, error) {
	if _, err := problem.Through(xs, ys); err != nil {
		return nil, err
	}
	var elbows []relu.Elbow
	slope := 0.0
	for i := range len(xs) - 1 {
		next := (ys[i+1] - ys[i]) / (xs[i+1] - xs[i])
		elbows = append(elbows, relu.Elbow{V: next - slope, W: 1, B: -xs[i]})
		slope = next
	}
	return relu.Sum(elbows, ys[0])
}

// Rounding (claim N5) is by how much nets that are exact on paper miss their points in float64.
type Rounding struct {
	Points             string  // what the heights are
	Textbook, Outwards float64 // of Textbook, and of relu.Interpolate
}

// MeasureRounding (claim N5) writes nets down for d+1 heights at equal distances, those of the target and random ones between −1 and
// 1, in both ways, and looks at 500 or more of the points. It is an error when d is not between 1 and 2^16, and when a value of the target is not finite.
func MeasureRounding(target problem.Target, d int) ([]Rounding, error) {
	xs, ys := target.Grid(d + 1)
	random := rand.New(rand.NewPCG(1, 182))
	rough := figure.Column(xs, func(float64) float64 { return 2*random.Float64() - 1 })
	var all []Rounding
	for _, of := range []struct {
		name    string
		heights []float64
	}{{target.Name, ys}, {"random heights", rough}} {
		textbook, err := Textbook(xs, of.heights)
		if err != nil {
			return nil, err
		}
		outwards, err := relu.Interpolate(xs, of.heights)
		if err != nil {
			return nil, err
		}
		r := Rounding{Points: of.name}
		for i := 0; i <= d; i += max(1, d/512) { // every point of a small net, and as many of a large one
			r.Textbook = max(r.Textbook, math.Abs(textbook.At(xs[i])-of.heights[i]))
			r.Outwards = max(r.Outwards, math.Abs(outwards.At(xs[i])-of.heights[i]))
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b Rounding) int { return cmp.Compare(a.Textbook, b.Textbook) })
	return all, nil
}
