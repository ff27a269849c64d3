package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Initializer draws the first parameters of an MLP of the Sizes given, the same for the same seed. It panics when the sizes cannot be.
// Uniform, Spread's and Normal's are initializers; what Layers.Start makes of the parameters is train.Config's Start.
type Initializer func(sizes []int, seed uint64) Layers

// Uniform is the Initializer of PyTorch's Linear: weights and biases uniform in ±1/√inputs of their layer.
func Uniform(sizes []int, seed uint64) Layers { return uniform(sizes, seed, nil) }

// Spread is Uniform for nets of one input, except for the biases of the first hidden layer: they place the elbows −b/w uniformly over
// the range of the inputs xs, as CS182 does. It panics when xs is empty, and what it returns, when a net has several inputs.
func Spread(xs []float64) Initializer {
	if len(xs) == 0 {
		panic(errors.New("xs is empty: give the inputs over whose range to spread the elbows"))
	}
	return func(sizes []int, seed uint64) Layers { return uniform(sizes, seed, xs) }
}

// uniform is Spread over xs, or Uniform when there are none.
func uniform(sizes []int, seed uint64, xs []float64) Layers {
	layers, rng := ZeroLayers(sizes...), rand.New(rand.NewPCG(seed, 182))
	if len(xs) > 0 && sizes[0] != 1 {
		panic(fmt.Errorf("the net has %d inputs: only the elbows of a net of one input can be spread", sizes[0]))
	}
	for l, layer := range layers {
		bound := 1 / math.Sqrt(float64(sizes[l]))
		w := layer.W.RawMatrix().Data
		for _, values := range [][]float64{w, layer.B} {
			for i := range values {
				values[i] = bound * (2*rng.Float64() - 1)
			}
		}
		if len(xs) > 0 && l == 0 && len(layers) > 1 {
			lo, hi := slices.Min(xs), slices.Max(xs)
			for j := range layer.B {
				layer.B[j] = -w[j] * (lo + (hi-lo)*rng.Float64())
			}
		}
	}
	return layers
}

// Normal is an Initializer of normal weights with the standard deviation scale/√inputs of their layer, and biases of 0. The scale √2 is
// He's, for ReLU; 1 is LeCun's.
func Normal(scale float64) Initializer {
	return func(sizes []int, seed uint64) Layers {
		layers, rng := ZeroLayers(sizes...), rand.New(rand.NewPCG(seed, 5))
		for l, layer := range layers {
			w := layer.W.RawMatrix().Data
			for i := range w {
				w[i] = scale / math.Sqrt(float64(sizes[l])) * rng.NormFloat64()
			}
		}
		return layers
	}
}
