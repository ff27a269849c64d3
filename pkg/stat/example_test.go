package stat_test

import (
	"fmt"

	"descent.example/pkg/stat"
)

// The variance of the batch gradient falls as 1/b: the slope on log-log axes, with its 95 % interval.
func ExampleFitPowerLaw() {
	batch := []float64{1, 2, 4, 8, 16}
	variance := []float64{2.1, 0.98, 0.51, 0.26, 0.122}
	law, err := stat.FitPowerLaw(batch, variance, 0.95)
	if err != nil {
		panic(err)
	}
	fmt.Printf("slope %.2f, between %.2f and %.2f\n", law.Exponent.Value, law.Exponent.Low, law.Exponent.High)
	// Output: slope -1.01, between -1.06 and -0.96
}

// A result is the mean over seeds, with its 95 % interval.
func ExampleMeanOverRuns() {
	accuracy := []float64{0.91, 0.94, 0.92}
	mean, err := stat.MeanOverRuns(accuracy, 0.95)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f (%.3f … %.3f)\n", mean.Value, mean.Low, mean.High)
	// Output: 0.923 (0.885 … 0.961)
}

// Gradient descent on ½θ² diverges above the rate 2, which bisection finds by trying.
func ExampleInterval_Format() {
	fmt.Printf("%.2f\n", stat.Interval{Value: 1.25, Low: 1.1, High: 1.4})
	fmt.Printf("%.2f\n", stat.Interval{Value: 1.25, Low: 1.25, High: 1.25})
	// Output:
	// 1.25 (1.10 … 1.40)
	// 1.25 (no interval)
}

func ExampleBisectThreshold() {
	diverges := func(eta float64) (bool, error) {
		theta := 1.0
		for range 10_000 {
			theta -= eta * theta
		}
		return !(theta*theta < 1), nil
	}
	eta, err := stat.BisectThreshold(diverges, 0.1, 10, 1e-3)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.2f\n", eta)
	// Output: 2.00
}

// The largest curvature of a loss, from products with its Hessian alone.
func ExamplePowerIteration() {
	hessian := func(v []float64) ([]float64, error) { return []float64{2*v[0] + v[1], v[0] + 2*v[1]}, nil }
	lambda, _, err := stat.PowerIteration(hessian, 2, 1e-6)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", lambda)
	// Output: 3.000
}
