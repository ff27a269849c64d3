package problem_test

import (
	"fmt"
	"math"

	"descent.example/pkg/problem"
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
