package stat_test

import (
	"fmt"

	"descent.example/pkg/theory/stat"
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
