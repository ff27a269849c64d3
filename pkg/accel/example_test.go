package accel_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"descent.example/pkg/accel"
)

// Whatever computes, one and one are two. A notebook's first cell also prints accel.Describe().
func Example() {
	backend, err := accel.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	sum, err := graph.CallOnce(backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) }, float32(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum.Value())
	// Output: 2
}
