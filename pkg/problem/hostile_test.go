package problem_test

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"descent.example/internal/hostile"
	"descent.example/pkg/problem"
)

func FuzzHostile(f *testing.F) {
	bowl, _ := problem.NewQuadratic([]float64{1, 3}, nil, nil)
	unmade, _ := problem.NewQuadratic([]float64{1e300, 0}, nil, []float64{1e300, -1e300})
	valley, _ := problem.NewRosenbrock(3)
	basins, _ := problem.NewTwoBasins(problem.Basin{Bottom: []float64{0, 0}, Curvature: 1}, problem.Basin{Bottom: []float64{4, 0}, Curvature: 2}, 0.05)
	noisy, _ := problem.NewNoisy(bowl, mat.NewSymDense(2, []float64{1, 0, 0, 1}), 5, 1)
	table, err := problem.DiabetesTable()
	if err != nil {
		f.Fatal(err)
	}
	fit, _ := problem.Diabetes()
	labeled, _ := problem.Blobs(6, 1, 1)
	logistic, _ := labeled.Logistic()
	model := problem.MLP{Sizes: []int{2, 3, 2}}
	net, _ := problem.NewNet(model, labeled)
	stream, _ := problem.NewStream(mat.NewDense(3, 2, nil), 0, 1)
	hostile.Fuzz(f, [][]any{
		{bowl, unmade}, {valley, new(problem.Rosenbrock)}, {basins}, {noisy}, {fit}, {logistic}, {net}, {model, problem.MLP{}, problem.MLP{Sizes: []int{2, -1, 2}}, problem.MLP{Sizes: []int{1, 1}, Activation: 99}}, {problem.NewPoints([]float64{1, 2}, []float64{1, 2}), new(problem.Points)}, {stream}, {labeled, new(problem.Labeled), &problem.Labeled{Labels: []int{1}, Classes: 9}},
		{table, new(problem.Table), &problem.Table{Columns: []string{"a"}}}, {problem.Targets()[0]}, {problem.ReLU, problem.Tanh, problem.Activation(99)},
		{problem.Basin{Bottom: []float64{0, 0}, Curvature: 1}, problem.Basin{Bottom: []float64{4, 0}, Curvature: 2}, problem.Basin{}, problem.Basin{Bottom: []float64{math.NaN(), 0}, Curvature: 1e308}},
		{strings.NewReader("a,b\\n1,2\\n3,5\\n"), strings.NewReader(""), strings.NewReader("a,b\\n1\\n"), strings.NewReader(strings.Repeat("1", 70_000))},
		{problem.Regularizer{}},
		{problem.Layers{{W: mat.NewDense(2, 1, nil), B: []float64{1}}}, problem.Layers{}, problem.Layers{{}}, problem.Layers{{W: mat.NewDense(2, 3, nil), B: []float64{1}}}},
		{map[string]any{"output/dense/weights": [][]float64{{1}}, "output/dense/biases": []float64{1}}, map[string]any{"a": 1, "output/dense/biases": nil}},
	}, map[string]any{
		"NewLayers": problem.NewLayers, "Parameters": problem.Parameters, "LayersFrom": problem.LayersFrom, "(Layers).Check": problem.Layers.Check,
		"(Layers).Theta": problem.Layers.Theta, "(Layers).Start": problem.Layers.Start, "(Layers).Forward": problem.Layers.Forward,
		"Diabetes": problem.Diabetes, "DiabetesTable": problem.DiabetesTable, "Digits": problem.Digits,
		"ReadDigits": problem.ReadDigits, "NoiseCovariance": problem.NoiseCovariance,
		"(*Labeled).Select": (*problem.Labeled).Select, "(*Labeled).Split": (*problem.Labeled).Split,
		"(*Labeled).Logistic": (*problem.Labeled).Logistic, "Blobs": problem.Blobs,
		"NewLeastSquares": problem.NewLeastSquares, "(*LeastSquares).Data": (*problem.LeastSquares).Data, "(*LeastSquares).Structure": (*problem.LeastSquares).Structure,
		"(*LeastSquares).Features": (*problem.LeastSquares).Features,
		"(*LeastSquares).Targets":  (*problem.LeastSquares).Targets, "(*LeastSquares).Value": (*problem.LeastSquares).Value,
		"(*LeastSquares).Gradient":         (*problem.LeastSquares).Gradient,
		"(*LeastSquares).ExampleGradients": (*problem.LeastSquares).ExampleGradients,
		"(*LeastSquares).Hessian":          (*problem.LeastSquares).Hessian, "(*LeastSquares).Optimum": (*problem.LeastSquares).Optimum,
		"(*LeastSquares).MinimumNorm": (*problem.LeastSquares).MinimumNorm, "NewLogistic": problem.NewLogistic,
		"(*Logistic).Data": (*problem.Logistic).Data, "(*Logistic).Value": (*problem.Logistic).Value,
		"(*Logistic).Gradient":         (*problem.Logistic).Gradient,
		"(*Logistic).ExampleGradients": (*problem.Logistic).ExampleGradients,
		"(*Logistic).Hessian":          (*problem.Logistic).Hessian, "(*Logistic).Optimum": (*problem.Logistic).Optimum,
		"(*Logistic).Accuracy": (*problem.Logistic).Accuracy, "(Activation).String": problem.Activation.String,
		"(Activation).At": problem.Activation.At, "(Activation).Slope": problem.Activation.Slope,
		"Activations": problem.Activations, "NewPoints": problem.NewPoints, "NewNet": problem.NewNet,
		"(*Net).Data": (*problem.Net).Data, "(*Net).Structure": (*problem.Net).Structure, "(MLP).Output": problem.MLP.Output, "(MLP).Accuracy": problem.MLP.Accuracy,
		"(MLP).Outputs": problem.MLP.Outputs, "ActivationByName": problem.ActivationByName, "PlaneClasses": problem.PlaneClasses,
		"PlaneClassesNames": problem.PlaneClassesNames,
		"(*Net).HessianAt": func(n *problem.Net, theta, v []float64) error {
			product, err := n.HessianAt(theta)
			if err == nil {
				product(v)
			}
			return err
		},
		"(Initializer).Times": func(scale float64, sizes []int, seed int) {
			problem.Initializer(problem.Uniform).Times(scale)(sizes, seed)
		},
		"ZeroLayers": problem.ZeroLayers, "Uniform": problem.Uniform,
		"SpreadElbows": func(xs []float64, sizes []int, seed int) { problem.SpreadElbows(xs)(sizes, seed) },
		"Normal":       func(scale float64, sizes []int, seed int) { problem.Normal(scale)(sizes, seed) },
		"NewNoisy":     problem.NewNoisy, "(*Noisy).Data": (*problem.Noisy).Data,
		"(*Noisy).ExampleGradients": (*problem.Noisy).ExampleGradients, "Eigen": problem.Eigen,
		"NewQuadratic": problem.NewQuadratic, "Rotation": problem.Rotation, "RandomBasis": problem.RandomBasis,
		"(*Quadratic).Data": (*problem.Quadratic).Data, "(*Quadratic).Structure": (*problem.Quadratic).Structure, "(*Quadratic).Value": (*problem.Quadratic).Value,
		"(*Quadratic).Gradient": (*problem.Quadratic).Gradient, "(*Quadratic).Hessian": (*problem.Quadratic).Hessian,
		"(*Quadratic).Optimum": (*problem.Quadratic).Optimum, "(*Quadratic).Eigen": (*problem.Quadratic).Eigen,
		"NewRosenbrock": problem.NewRosenbrock, "(*Rosenbrock).Data": (*problem.Rosenbrock).Data,
		"(*Rosenbrock).Value": (*problem.Rosenbrock).Value, "(*Rosenbrock).Gradient": (*problem.Rosenbrock).Gradient,
		"(*Rosenbrock).Hessian": (*problem.Rosenbrock).Hessian, "(*Rosenbrock).Optimum": (*problem.Rosenbrock).Optimum,
		"Surrogates": problem.Surrogates, "RandomLeastSquares": problem.RandomLeastSquares, "NewStream": problem.NewStream,
		"Walk": problem.Walk, "Circle": problem.Circle, "ReadTable": problem.ReadTable,
		"(*Table).Select": (*problem.Table).Select, "(*Table).Column": (*problem.Table).Column,
		"(*Table).LeastSquares": (*problem.Table).LeastSquares, "Targets": problem.Targets, "Lecturer": problem.Lecturer,
		"Through": problem.Through, "TargetByName": problem.TargetByName, "(Target).Grid": problem.Target.Grid, "(Target).Sample": problem.Target.Sample,
		"NewTwoBasins": problem.NewTwoBasins, "(*TwoBasins).Data": (*problem.TwoBasins).Data,
		"(*TwoBasins).Value": (*problem.TwoBasins).Value, "(*TwoBasins).Gradient": (*problem.TwoBasins).Gradient,
		"(*TwoBasins).Hessian": (*problem.TwoBasins).Hessian, "(*TwoBasins).Optimum": (*problem.TwoBasins).Optimum,
		"(*TwoBasins).Minima": (*problem.TwoBasins).Minima, "(*TwoBasins).Barrier": (*problem.TwoBasins).Barrier,
		"(*TwoBasins).Basin": (*problem.TwoBasins).Basin,
	})
}
