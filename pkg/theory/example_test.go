package theory_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"gonum.org/v1/gonum/mat"
)

// What three learning rates do in a valley with the curvatures 1 and 10.
func Example() {
	valley, err := problem.NewQuadratic([]float64{1, 10}, problem.Rotation(math.Pi/6), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	descent, err := theory.NewDescent(valley)
	if err != nil {
		fmt.Println(err)
		return
	}
	low, high := descent.Lambda[0], descent.Lambda[1]
	fmt.Printf("stable below η = %.3f\n", theory.StabilityThreshold(high))
	for _, eta := range []float64{0.05, 0.15, 0.21} {
		fmt.Printf("η = %.2f: %v along λ = 1, %v along λ = 10, loss after 20 steps %.3g\n",
			eta, theory.RegimeOf(eta, low), theory.RegimeOf(eta, high), descent.Loss(eta, valley.Start, 20))
	}
	// Output:
	// stable below η = 0.200
	// η = 0.05: monotone along λ = 1, monotone along λ = 10, loss after 20 steps 0.0643
	// η = 0.15: monotone along λ = 1, oscillating along λ = 10, loss after 20 steps 0.000751
	// η = 0.21: monotone along λ = 1, diverging along λ = 10, loss after 20 steps 226
}

// noisyLine are 100 examples of y = 2x₁ − x₂ + noise.
func noisyLine() (features *mat.Dense, targets []float64) {
	rng := rand.New(rand.NewPCG(1, 1))
	features, targets = mat.NewDense(100, 2, nil), make([]float64, 100)
	for i := range targets {
		x1, x2 := rng.NormFloat64(), 0.5*rng.NormFloat64()
		features.SetRow(i, []float64{x1, x2})
		targets[i] = 2*x1 - x2 + 0.3*rng.NormFloat64()
	}
	return features, targets
}

// Where SGD ends that never lowers its rate: the dance around the optimum.
func ExampleSGD() {
	features, targets := noisyLine()
	sgd, err := theory.LeastSquaresSGD(features, targets, 4, theory.WithoutReplacement)
	if err != nil {
		panic(err)
	}
	descent := theory.StabilityThreshold(sgd.Lambda[1])
	fmt.Printf("gradient descent is stable below η = %.3f, SGD below %.3f\n", descent, sgd.Threshold)
	for _, eta := range []float64{0.05, 0.2, 0.8} {
		covariance, err := sgd.Stationary(eta)
		if err != nil {
			panic(err)
		}
		major, minor, _, err := theory.Ellipse(covariance, 1)
		if err != nil {
			panic(err)
		}
		fmt.Printf("η = %.2f: excess loss %.5f (for small η %.5f), ellipse %.3f by %.3f\n", eta,
			sgd.ExcessLoss(covariance), sgd.ExcessLoss(sgd.SmallRate(eta)), major, minor)
	}
	// Output:
	// gradient descent is stable below η = 2.442, SGD below 1.885
	// η = 0.05: excess loss 0.00032 (for small η 0.00032), ellipse 0.026 by 0.022
	// η = 0.20: excess loss 0.00140 (for small η 0.00126), ellipse 0.054 by 0.044
	// η = 0.80: excess loss 0.00849 (for small η 0.00504), ellipse 0.133 by 0.101
}

// The expected loss of every step, to be drawn over the mean of many runs. A schedule's At can stand for the rate.
func ExampleSGD_Moments() {
	features, targets := noisyLine()
	sgd, err := theory.LeastSquaresSGD(features, targets, 4, theory.WithReplacement)
	if err != nil {
		panic(err)
	}
	rate := func(t int) float64 { return 0.5 / (1 + float64(t)/10) }
	for t, m := range sgd.Moments(rate, []float64{0, 0}, 1000) {
		if t == 0 || t == 10 || t == 100 || t == 1000 {
			fmt.Printf("step %d: E L = %.5f, E‖θ−θ*‖² = %.5f\n", t, m.Loss, m.SquaredDistance)
		}
	}
	fmt.Printf("least loss: %.5f\n", sgd.Floor)
	// Output:
	// step 0: E L = 1.71903, E‖θ−θ*‖² = 4.71321
	// step 10: E L = 0.07337, E‖θ−θ*‖² = 0.17549
	// step 100: E L = 0.04821, E‖θ−θ*‖² = 0.00344
	// step 1000: E L = 0.04762, E‖θ−θ*‖² = 0.00016
	// least loss: 0.04758
}

// An optimum that walks: a small rate follows too slowly, a large one makes too much of the noise.
func ExampleSGD_Tracking() {
	one := func(x float64) *mat.SymDense { return mat.NewSymDense(1, []float64{x}) }
	sgd, err := theory.AdditiveSGD(one(1), one(1), []float64{0}) // Curvature 1, noise of variance 1.
	if err != nil {
		panic(err)
	}
	drift := theory.Drift{Walk: one(0.01)}
	best, err := sgd.BestTrackingRate(drift)
	if err != nil {
		panic(err)
	}
	for _, eta := range []float64{0.01, best, 0.5} {
		tracking, err := sgd.Tracking(eta, drift)
		if err != nil {
			panic(err)
		}
		fmt.Printf("η = %.4f: E e² = %.4f\n", eta, tracking.SquaredDistance)
	}
	// Output:
	// η = 0.0100: E e² = 0.5075
	// η = 0.0951: E e² = 0.1051
	// η = 0.5000: E e² = 0.3467
}

// How a batch agrees with all examples, far from the optimum and near it.
func ExampleGradientNoise_Cosine() {
	features, targets := noisyLine()
	for _, theta := range [][]float64{{0, 0}, {1.9, -0.9}, {1.99, -0.99}} {
		gradients := mat.NewDense(100, 2, nil)
		for i, y := range targets {
			x := features.RowView(i)
			residual := mat.Dot(x, mat.NewVecDense(2, theta)) - y
			gradients.SetRow(i, []float64{residual * x.AtVec(0), residual * x.AtVec(1)})
		}
		noise, err := theory.NewGradientNoise(gradients)
		if err != nil {
			panic(err)
		}
		ratio, err := noise.SignalToNoise(8, theory.WithoutReplacement)
		if err != nil {
			panic(err)
		}
		cosine, err := noise.Cosine(8, theory.WithoutReplacement)
		if err != nil {
			panic(err)
		}
		fmt.Printf("at %v: signal to noise %.3f, cosine %.3f\n", theta, ratio, cosine)
	}
	// Output:
	// at [0 0]: signal to noise 5.318, cosine 0.963
	// at [1.9 -0.9]: signal to noise 0.146, cosine 0.304
	// at [1.99 -0.99]: signal to noise 0.097, cosine 0.246
}

// A threshold unit of 100 weights makes nearly all labelings of 150 points, and half of those of 200.
func ExampleCoverShare() {
	for _, n := range []int{100, 150, 200} {
		share, err := theory.CoverShare(n, 100)
		fmt.Printf("%d points: %.1f %% (%v)\n", n, 100*share, err)
	}
	// Output:
	// 100 points: 100.0 % (<nil>)
	// 150 points: 100.0 % (<nil>)
	// 200 points: 50.0 % (<nil>)
}
