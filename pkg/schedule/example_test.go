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
