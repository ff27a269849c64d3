package sample_test

import (
	"fmt"

	"descent.example/pkg/sample"
)

// Five examples in batches of two: every epoch shows each of them once, and the third batch belongs to two epochs.
func ExampleReshuffled() {
	sampler, err := sample.Reshuffled(2)
	if err != nil {
		panic(err)
	}
	for step := range 5 {
		fmt.Println(sampler.Indices(step, 1, 5))
	}
	// Output:
	// [2 3]
	// [4 0]
	// [1 0]
	// [1 2]
	// [4 3]
}
