package vmap_test

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"descent.example/pkg/accel"
	"descent.example/pkg/vmap"
)

// A step of gradient descent on ½‖θ − target‖² for three learning rates at once. The graph is written for a single step, with
// one θ and one rate. The rates differ between the computations, so the program has three of them, and returns three new θ.
func ExampleNew() {
	backend, err := accel.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	g := graph.NewGraph(vmap.New(backend, 3, func(parameter string) bool { return parameter == "rate" }), "step")
	defer g.Finalize()
	theta := graph.Parameter(g, "theta", shapes.Make(dtypes.Float32, 2))
	rate := graph.Parameter(g, "rate", shapes.Make(dtypes.Float32))
	target := graph.Const(g, []float32{8, -8})
	next := graph.Sub(theta, graph.Mul(rate, graph.Sub(theta, target)))
	fmt.Println("the graph returns", next.Shape())
	if err := g.Compile(next); err != nil {
		fmt.Println(err)
		return
	}

	var inputs []compute.Buffer // in the order of the parameters
	for _, values := range [][]float32{{0, 4}, {0.25, 0.5, 1}} {
		input, err := tensors.FromValue(values).Buffer(backend, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		inputs = append(inputs, input)
	}
	outputs, err := g.Executable().Execute(inputs, make([]bool, len(inputs)), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	all, err := tensors.FromBuffer(outputs[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the program returns", all.Shape())
	fmt.Println(all.Value())
	// Output:
	// the graph returns (Float32)[2]
	// the program returns (Float32)[3, 2]
	// [[2 1] [4 -2] [8 -8]]
}
