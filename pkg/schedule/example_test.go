package schedule_test

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"descent.example/pkg/accel"
	"descent.example/pkg/schedule"
)

// A run of 100 steps: 10 to warm up, then a cosine to 0.
func Example() {
	cosine, err := schedule.Cosine(0.1, 0, 90)
	if err != nil {
		panic(err)
	}
	s, err := schedule.WarmUp(0, 10, cosine)
	if err != nil {
		panic(err)
	}
	for _, t := range []int{0, 5, 10, 40, 55, 70, 100} {
		fmt.Printf("η_%d = %.4f\n", t, s.At(t))
	}
	// Output:
	// η_0 = 0.0000
	// η_5 = 0.0500
	// η_10 = 0.1000
	// η_40 = 0.0750
	// η_55 = 0.0500
	// η_70 = 0.0250
	// η_100 = 0.0000
}

// Robbins and Monro's schedule in a program that is compiled once: other constants are another input.
func ExampleSchedule_Node() {
	backend, err := accel.Open()
	if err != nil {
		panic(err)
	}
	slow, err := schedule.InverseTime(0.5, 10, 1)
	if err != nil {
		panic(err)
	}
	fast, err := schedule.InverseTime(0.5, 1, 2)
	if err != nil {
		panic(err)
	}
	exec, err := graph.NewExec(backend, func(step, constants *graph.Node) *graph.Node {
		fmt.Println("build", slow.Structure(), "with", constants.Shape())
		return slow.Node(step, constants, dtypes.Float32)
	})
	if err != nil {
		panic(err)
	}
	for _, s := range []schedule.Schedule{slow, fast} {
		for _, t := range []int{0, 10} {
			eta, err := exec.Call1(int64(t), s.Constants())
			if err != nil {
				panic(err)
			}
			fmt.Printf("η_%d = %.4f\n", t, tensors.ToScalar[float32](eta))
		}
	}
	// Output:
	// build inverse time with (Float64)[3]
	// η_0 = 0.5000
	// η_10 = 0.2500
	// η_0 = 0.5000
	// η_10 = 0.0041
}

// A staircase that a paper prints as a table: ten times smaller from step 50 on, and again from step 75 on.
func ExamplePiecewise() {
	s, err := schedule.Piecewise([]float64{0.1, 0.01, 0.001}, []int{50, 75})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.At(0), s.At(49), s.At(50), s.At(75), s.At(1000))
	// Output: 0.1 0.1 0.01 0.001 0.001
}

// A trapezoid through its corners.
func ExamplePiecewiseLinear() {
	s, err := schedule.PiecewiseLinear([]float64{0, 0.1, 0.1, 0}, []int{0, 10, 80, 100})
	if err != nil {
		panic(err)
	}
	for _, t := range []int{0, 5, 10, 80, 90, 200} {
		fmt.Printf("η_%d = %.3f\n", t, s.At(t))
	}
	// Output:
	// η_0 = 0.000
	// η_5 = 0.050
	// η_10 = 0.100
	// η_80 = 0.100
	// η_90 = 0.050
	// η_200 = 0.000
}

// Constant for 10 steps, and then a cosine, whose own steps count from there.
func ExampleSequence() {
	constant, err := schedule.Constant(0.1)
	if err != nil {
		panic(err)
	}
	cosine, err := schedule.Cosine(0.1, 0, 20)
	if err != nil {
		panic(err)
	}
	s, err := schedule.Sequence([]schedule.Schedule{constant, cosine}, []int{10})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f %.3f %.3f %.3f\n", s.At(9), s.At(10), s.At(20), s.At(30))
	// Output: 0.100 0.100 0.050 0.000
}

// Warm restarts whose peaks fall.
func ExampleProduct() {
	restarts, err := schedule.WarmRestarts(0.1, 0, 10, 1)
	if err != nil {
		panic(err)
	}
	falling, err := schedule.Step(1, 0.5, 10)
	if err != nil {
		panic(err)
	}
	s, err := schedule.Product(restarts, falling)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.4f %.4f %.4f %.4f\n", s.At(0), s.At(5), s.At(10), s.At(20))
	// Output: 0.1000 0.0500 0.0500 0.0250
}

// 1/t, but never above the rate at which training is stable, nor so small that nothing moves.
func ExampleClamp() {
	falling, err := schedule.OneOverT(1)
	if err != nil {
		panic(err)
	}
	s, err := schedule.Clamp(falling, 0.01, 0.2)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f %.3f %.3f\n", s.At(0), s.At(9), s.At(1000))
	// Output: 0.200 0.100 0.010
}

// The loss stops falling after step 2. Two steps without a lower loss halve the rate, and two more halve it again.
func ExampleReduceOnPlateau() {
	plateau, err := schedule.ReduceOnPlateau(0.5, 2, 0, 0, 0.1)
	if err != nil {
		panic(err)
	}
	fmt.Println(plateau.Scales([]float64{4, 2, 1, 1, 1, 1, 1, 0.5}))
	// Output: [1 1 1 1 0.5 0.5 0.25 0.25]
}
