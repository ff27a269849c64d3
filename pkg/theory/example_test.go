package theory_test

import (
	"fmt"
	"math"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
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
