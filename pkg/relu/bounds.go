package relu

import (
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/problem"
)

// chooseUpTo is the sum of the binomial coefficients C(n, j) for j from 0 to d ≤ n, which is soon +Inf if they are many.
func chooseUpTo(n, d int) float64 {
	sum, c := 1.0, 1.0
	for j := 1; j <= d && !math.IsInf(sum, 1); j++ {
		c *= float64(n-j+1) / float64(j)
		sum += c
	}
	return sum
}

// ShallowRegions returns Σⱼ₌₀..inputs C(units, j): the number of regions into which hyperplanes in general position, one for each unit,
// cut the space of the inputs. One hidden layer has at most this number of activation regions; on a line it is units + 1. It is an error
// when inputs or units are not positive.
//
// Source: T. Zaslavsky (1975), "Facing up to arrangements", Memoirs of the AMS 154.
func ShallowRegions(inputs, units int) (float64, error) { return RegionsUpperBound(inputs, units) }

// RegionsUpperBound returns a number of activation regions that no net of these inputs and hidden widths exceeds,
//
//	Πₗ Σⱼ₌₀..dₗ C(nₗ, j),    dₗ = min(inputs, n₁, …, nₗ)
//
// For one input that is Πₗ (nₗ + 1). A number beyond float64 is +Inf. It is an error when a size is not positive or there are no widths.
//
// Source: G. Montúfar (2017), "Notes on the number of linear regions of deep neural networks"; see T. Serra, C.
// Tjandraatmadja and S. Ramalingam (2018), arXiv:1711.02114, also for sharper ones.
func RegionsUpperBound(inputs int, widths ...int) (float64, error) {
	if err := checkWidths(inputs, widths); err != nil {
		return 0, err
	}
	bound, d := 1.0, inputs
	for _, width := range widths {
		d = min(d, width)
		bound *= chooseUpTo(width, d)
	}
	return bound, nil
}

// RegionsLowerBound returns a number of linear regions that some net of these inputs and hidden widths has,
//
//	Πₗ₌₁..L₋₁ ⌊nₗ/inputs⌋^inputs · Σⱼ₌₀..inputs C(n_L, j)
//
// It is an error when inputs is not positive, there are no widths or one is smaller than inputs.
//
// Source: G. Montúfar, R. Pascanu, K. Cho and Y. Bengio (2014), "On the Number of Linear Regions of Deep Neural Networks",
// corollary 5.
func RegionsLowerBound(inputs int, widths ...int) (float64, error) {
	if err := checkWidths(inputs, widths); err != nil {
		return 0, err
	}
	if narrow := slices.Min(widths); narrow < inputs {
		return 0, fmt.Errorf("widths has a layer of %d: the bound is for layers of at least %d units, the inputs",
			narrow, inputs)
	}
	last := len(widths) - 1
	bound, err := ShallowRegions(inputs, widths[last])
	for _, width := range widths[:last] {
		bound *= math.Pow(float64(width/inputs), float64(inputs))
	}
	return bound, err
}

func checkWidths(inputs int, widths []int) error {
	if len(widths) == 0 {
		return fmt.Errorf("widths is empty: give at least one hidden layer's")
	}
	_, err := problem.Parameters(append([]int{inputs}, widths...)...)
	return err
}
