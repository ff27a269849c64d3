package problem_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/accel"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// A narrow valley, turned by 30°.
func ExampleNewQuadratic() {
	valley, err := problem.NewQuadratic([]float64{1, 10}, problem.Rotation(math.Pi/6), []float64{2, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("θ₀ = %.3f, L = %.3f, ∇L = %.3f\n", valley.Start, valley.Value(valley.Start), valley.Gradient(valley.Start))
	// Output: θ₀ = [2.366 2.366], L = 5.500, ∇L = [-4.134 9.160]
}

// Two of the ten variables, so that the loss can be drawn over a plane.
func ExampleTable_Select() {
	table, err := problem.DiabetesTable()
	if err != nil {
		fmt.Println(err)
		return
	}
	plane, err := table.Select("bmi", "bp", problem.Progression)
	if err != nil {
		fmt.Println(err)
		return
	}
	regression, err := plane.LeastSquares(problem.Progression)
	if err != nil {
		fmt.Println(err)
		return
	}
	optimum, err := regression.Optimum()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("θ* = %.2f per standard deviation of bmi, bp\n", optimum)
	// Output: θ* = [37.60 19.13] per standard deviation of bmi, bp
}

// Telling threes from eights.
func ExampleDigits() {
	digits, err := problem.Digits()
	if err != nil {
		fmt.Println(err)
		return
	}
	pair, err := digits.Select(3, 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	regression, err := pair.Logistic()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = regression.Optimum()
	fmt.Println(err)
	regression.Ridge = 0.1
	theta, err := regression.Optimum()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("L = %.4f, %.1f %% right\n", regression.Value(theta), 100*regression.Accuracy(theta))
	// Output:
	// the features are linearly dependent and there is no single optimum; leave some out, or set Ridge
	// L = 0.4074, 97.2 % right
}

// A narrow basin, a wider and better one, and 100 examples that disagree about them.
func ExampleNewTwoBasins() {
	u, err := problem.NewTwoBasins(
		problem.Basin{Bottom: []float64{0}, Curvature: 8, Loss: 0.2},
		problem.Basin{Bottom: []float64{1.2}, Curvature: 2}, 0.02)
	if err != nil {
		fmt.Println(err)
		return
	}
	noisy, err := problem.NewNoisy(u, mat.NewSymDense(1, []float64{4}), 100, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	minima, barrier := u.Minima(), u.Barrier()
	fmt.Printf("minima at %.2f and %.2f, between them L(%.2f) = %.2f\n", minima[0], minima[1], barrier, u.Value(barrier))
	fmt.Printf("the noise has the variance %.2f\n", problem.NoiseCovariance(noisy, barrier).At(0, 0))
	// Output:
	// minima at [0.00] and [1.20], between them L([0.36]) = 0.70
	// the noise has the variance 4.00
}

// With more features than examples every example can be fitted, and SGD has no noise left.
func ExampleRandomLeastSquares() {
	fit, _, err := problem.RandomLeastSquares(3, 5, []float64{1, 2, 4}, 0.5, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = fit.Optimum()
	fmt.Println(err)
	theta, err := fit.MinimumNorm()
	if err != nil {
		fmt.Println(err)
		return
	}
	noise := mat.Trace(problem.NoiseCovariance(fit, theta))
	fmt.Printf("L = %.6f, tr Σ = %.6f\n", fit.Value(theta), noise)
	// Output:
	// x has rank 3 but 5 features: they are linearly dependent and there is no single optimum; leave some out, or set Ridge
	// L = 0.000000, tr Σ = 0.000000
}

// A net of one hidden layer with 10 tanh units learns half a sine wave from 20 points.
func ExampleNewNet() {
	var xs, ys []float64
	for i := range 20 {
		x := float64(i) / 19
		xs, ys = append(xs, x), append(ys, math.Sin(math.Pi*x))
	}
	net, err := problem.NewNet(problem.MLP{Sizes: []int{1, 10, 1}, Activation: problem.Tanh}, problem.NewPoints(xs, ys))
	if err != nil {
		fmt.Println(err)
		return
	}
	backend, err := accel.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	trainer, err := train.New(backend, net, optim.GD(), train.Record{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trainer.Close()
	h, err := trainer.Run(context.Background(), train.Config{LearningRate: 0.1, Steps: 1000, Stride: 500})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range h.Parameters {
		fmt.Println(p.Name, p.Shape)
	}
	for i, step := range h.Step {
		fmt.Printf("step %4d: L = %.4f\n", step, h.Loss[i])
	}
	// Output:
	// hidden01/dense/biases [10]
	// hidden01/dense/weights [1 10]
	// output/dense/biases [1]
	// output/dense/weights [10 1]
	// step    0: L = 0.6530
	// step  500: L = 0.0121
	// step 1000: L = 0.0039
}

// One of the functions to learn, and what happens when there is none of the name.
func ExampleTargetByName() {
	kinks, err := problem.TargetByName("kinks")
	fmt.Println(kinks.Knots, err)
	_, err = problem.TargetByName("cosine")
	fmt.Println(err)
	// Output:
	// [0.3 0.7] <nil>
	// there is no target "cosine": choose one of sine, kinks, jump, chirp, lecturer's
}
