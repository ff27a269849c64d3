package problem

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Activation is the non-linearity of a net's hidden units.
type Activation int

const (
	ReLU Activation = iota // max(0, z)
	Tanh
	Sigmoid // 1/(1 + e^−z)
)

// String returns the activation's name.
func (a Activation) String() string {
	names := []string{"ReLU", "tanh", "sigmoid"}
	if a < 0 || int(a) >= len(names) {
		return fmt.Sprintf("Activation(%d)", int(a))
	}
	return names[a]
}

// check says that there is no such activation.
func (a Activation) check() error {
	if a < ReLU || a > Sigmoid {
		return fmt.Errorf("%s is none of the activations %v", a, Activations())
	}
	return nil
}

func (a Activation) mustBe() {
	if err := a.check(); err != nil {
		panic(err)
	}
}

// At returns the activation of z, on the host. It panics when there is no such activation.
func (a Activation) At(z float64) float64 {
	a.mustBe()
	switch a {
	case Tanh:
		return math.Tanh(z)
	case Sigmoid:
		return 1 / (1 + math.Exp(-z))
	}
	return max(z, 0)
}

// Slope returns the activation's derivative at z, on the host; ReLU's at 0 is 0. It panics as At does.
func (a Activation) Slope(z float64) float64 {
	a.mustBe()
	switch a {
	case Tanh:
		return 1 - a.At(z)*a.At(z)
	case Sigmoid:
		return a.At(z) * (1 - a.At(z))
	}
	if z > 0 {
		return 1
	}
	return 0
}

// Activations are all there are.
func Activations() []Activation { return []Activation{ReLU, Tanh, Sigmoid} }

// node is the activation in a graph.
func (a Activation) node(z *graph.Node) *graph.Node {
	switch a {
	case Tanh:
		return graph.Tanh(z)
	case Sigmoid:
		return graph.Sigmoid(z)
	}
	// Not activation.Relu: of its gradient XLA computes the mask anew wherever it is used, and gives 1 at 0 where PyTorch
	// and JAX give 0. To go when GoMLX's max has a gradient that keeps one mask.
	zero := graph.ZerosLike(z)
	return graph.Where(graph.LessOrEqual(z, zero), zero, z)
}
