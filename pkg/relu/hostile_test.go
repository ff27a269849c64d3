package relu_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/hostile"
	"descent.example/pkg/relu"
)

func FuzzHostile(f *testing.F) {
	filled := func(v float64, sizes ...int) *relu.Net {
		n := relu.New(sizes...)
		for _, layer := range n.Layers {
			layer.W.Apply(func(int, int, float64) float64 { return v }, layer.W)
		}
		return n
	}
	far, tiny, nan, unfit := filled(1e308, 1, 3, 1), filled(1e-300, 1, 3, 3, 1), filled(math.NaN(), 1, 2, 1), relu.New(1, 2, 1)
	unfit.Layers[1].W = mat.NewDense(5, 1, nil)
	hostile.Fuzz(f, [][]any{
		{relu.New(1, 3, 1), relu.New(2, 3, 2, 1), relu.Sawtooth(10), new(relu.Net), &relu.Net{Layers: []relu.Layer{{}}}, far, tiny, nan, unfit},
		{relu.New(1, 3, 1).Forward([]float64{1}), new(relu.Trace)}, {relu.Elbow{V: 1, W: 1, B: 0.5}, relu.Elbow{}},
		{[]relu.Elbow{{V: 1, W: 1}}, []relu.Elbow(nil), []relu.Elbow{{V: 1, W: math.NaN()}}}, {relu.Piece{Hi: 1}},
		{relu.Bent, relu.UnitState(9)}, {relu.Polygon{{0, 0}, {1, 0}, {0, 1}}, relu.Polygon(nil)},
		{&relu.Fit{Knots: []float64{0, 1}, Values: []float64{1, 2}}, new(relu.Fit)}, {&relu.Gradient{}}, {relu.Redundancy{}},
		{relu.New(1, 3, 1).Start(), map[string]any(nil), map[string]any{"output/dense/weights": (*tensors.Tensor)(nil), "output/dense/biases": []float64{1}},
			map[string]any{"output/dense/weights": [][]float64{{1}, {1, 2}}, "output/dense/biases": 1}},
	}, map[string]any{
		"ShallowRegions": relu.ShallowRegions, "RegionsUpperBound": relu.RegionsUpperBound,
		"RegionsLowerBound": relu.RegionsLowerBound, "Interpolate": relu.Interpolate, "Uniform": relu.Uniform,
		"Steps": relu.Steps, "UniformSteps": relu.UniformSteps, "LinearBound": relu.LinearBound,
		"ConstantBound": relu.ConstantBound, "Sawtooth": relu.Sawtooth, "(*Net).Theta": (*relu.Net).Theta,
		"FromTheta": relu.FromTheta, "(*Net).Start": (*relu.Net).Start, "FromStart": relu.FromStart,
		"(Elbow).At": relu.Elbow.At, "(Elbow).Unscaled": relu.Elbow.Unscaled, "(Elbow).Knot": relu.Elbow.Knot,
		"(Elbow).Slope": relu.Elbow.Slope, "(Elbow).String": relu.Elbow.String, "(Elbow).Describe": relu.Elbow.Describe, "(Elbow).Gradient": relu.Elbow.Gradient, "Sum": relu.Sum,
		"(*Net).Elbows": (*relu.Net).Elbows, "EqualKnots": relu.EqualKnots, "FitElbows": relu.FitElbows, "FreeKnots": relu.FreeKnots, "(*Fit).At": (*relu.Fit).At, "New": relu.New,
		"(*Net).Check": (*relu.Net).Check, "(*Net).Sizes": (*relu.Net).Sizes, "(*Net).Widths": (*relu.Net).Widths,
		"(*Net).Parameters": (*relu.Net).Parameters, "(*Net).Clone": (*relu.Net).Clone,
		"(*Trace).Output": (*relu.Trace).Output, "(*Net).Forward": (*relu.Net).Forward, "(*Net).Output": (*relu.Net).Output,
		"(*Net).At": (*relu.Net).At, "(*Gradient).Theta": (*relu.Gradient).Theta, "(*Net).Backward": (*relu.Net).Backward,
		"(Piece).At": relu.Piece.At, "(*Net).Pieces": (*relu.Net).Pieces, "(*Net).Knots": (*relu.Net).Knots,
		"(*Net).Regions": (*relu.Net).Regions, "(UnitState).String": relu.UnitState.String, "(*Net).Units": (*relu.Net).Units,
		"(*Net).Restrict": (*relu.Net).Restrict, "(Polygon).Area": relu.Polygon.Area, "(Polygon).Centre": relu.Polygon.Centre,
		"(*Net).Polygons": (*relu.Net).Polygons, "(*Net).Rescale": (*relu.Net).Rescale,
		"(*Net).Jacobian": (*relu.Net).Jacobian, "Rank": relu.Rank, "(Redundancy).Rank": relu.Redundancy.Rank,
		"(*Net).UnitsOn": (*relu.Net).UnitsOn, "(*Trace).Active": (*relu.Trace).Active,
		"(*Net).Redundancy": (*relu.Net).Redundancy,
	})
}
