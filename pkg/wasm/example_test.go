package wasm_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"descent.example/pkg/wasm"
)

// A graph of GoMLX, compiled to WebAssembly at its first execution.
func ExampleNew() {
	backend := wasm.New()
	defer backend.Finalize()
	square, err := graph.NewExec(backend, func(x *graph.Node) *graph.Node { return graph.Mul(x, x) })
	if err != nil {
		fmt.Println(err)
		return
	}
	defer square.Finalize()
	y, err := square.Call1([]float32{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Value())
	// Output: [1 4 9]
}
