package problem

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
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

// ActivationByName returns the one of Activations that has the name. It is an error when none has.
func ActivationByName(name string) (Activation, error) {
	for _, a := range Activations() {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("there is no activation %q: choose one of %v", name, Activations())
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
	return a.value(z)
}

func (a Activation) value(z float64) float64 {
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
	_, slope, _ := a.derivatives(z)
	return slope
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

// MLP is a model, the multilayer perceptron (lecture section 2): dense hidden layers with the Activation φ, then a linear output,
//
//	h₀ = x,  h_l = φ(h_{l−1}W_l + b_l),  f(x) = h_L W + b.
//
// Its parameters are "hidden01/dense/weights" [in, width], "hidden01/dense/biases" [width], …, "output/dense/weights" and
// "output/dense/biases". An Initializer draws their first values, and a Net trains them on Data.
type MLP struct {
	Sizes      []int // inputs, the widths of the hidden layers, outputs; two are a linear model
	Activation Activation
	DType      dtypes.DType // of the parameters and the data; zero: Float32
}

// check returns the number of parameters. It is an error when the Sizes or the Activation cannot be, and when the net would not fit into
// memory.
func (m MLP) check() (parameters int, err error) {
	if parameters, err = checkSizes(m.Sizes); err != nil {
		return 0, err
	}
	if hidden := len(m.Sizes) - 2; hidden > 99 {
		return 0, fmt.Errorf("sizes has %d hidden layers: there can be 99", hidden)
	}
	return parameters, m.Activation.check()
}

func (m MLP) mustBe() (parameters int) {
	parameters, err := m.check()
	if err != nil {
		panic(err)
	}
	return parameters
}

// Predict builds f(x), [b, outputs], for a batch of features [b, inputs]. It panics when Sizes or Activation cannot be.
func (m MLP) Predict(scope *model.Scope, x *graph.Node) *graph.Node {
	m.mustBe()
	dense, h, last := denseProducts, x, len(m.Sizes)-2
	if m.small() {
		dense = denseSums
	}
	for l, outputs := range m.Sizes[1:] {
		if h = dense(scope.In("%s", layerName(l, last+1)), h, outputs); l < last {
			h = m.Activation.node(h)
		}
	}
	return h
}

// small tells whether no layer has more than 512 weights, those of one input or one output not counted.
func (m MLP) small() bool {
	for l, outputs := range m.Sizes[1:] {
		if inputs := m.Sizes[l]; inputs > 1 && outputs > 1 && inputs*outputs > 512 {
			return false
		}
	}
	return true
}

// denseProducts is GoMLX's dense layer.
func denseProducts(scope *model.Scope, h *graph.Node, outputs int) *graph.Node {
	return layers.Dense(scope, h, true, outputs)
}

// denseSums is the same layer, with its matrix product written as products and their sums. XLA:CPU hands a matrix product to
// a library, and a loop that does cannot be one kernel (accel): a step of small nets takes 0.1 to 0.7 times as long without.
// To go when XLA compiles small products itself.
func denseSums(scope *model.Scope, h *graph.Node, outputs int) *graph.Node {
	inputs := h.Shape().Dim(-1)
	if inputs == 1 || outputs == 1 {
		return denseProducts(scope, h, outputs) // XLA compiles these
	}
	g, scope := h.Graph(), scope.In("dense")
	weights := scope.VariableWithShape("weights", shapes.Make(h.DType(), inputs, outputs)).NodeValue(g)
	biases := scope.VariableWithShape("biases", shapes.Make(h.DType(), outputs)).NodeValue(g)
	products := graph.Mul(graph.ExpandAxes(h, -1), graph.ExpandAxes(weights, 0)) // [b, inputs, outputs]
	return graph.Add(graph.ReduceSum(products, 1), graph.ExpandAxes(biases, 0))
}

// Output returns f(x), [outputs], on the host, from the parameters flattened as train.History has them: by layer, the
// biases before the weights. It panics when the lengths do not fit, and as Predict does.
func (m MLP) Output(theta, x []float64) []float64 {
	mustFit(theta, m.mustBe())
	z, _ := layersOf(theta, m.Sizes).Forward(x, func(_, _ int, z float64) float64 { return m.Activation.At(z) })
	return z[len(z)-1]
}

// Outputs is Output for each row of x [n, inputs]: [n, outputs]. It panics as Output does.
func (m MLP) Outputs(theta []float64, x *mat.Dense) *mat.Dense {
	mustFit(theta, m.mustBe())
	if x == nil || x.IsEmpty() || x.RawMatrix().Cols != m.Sizes[0] {
		panic(fmt.Errorf("x must have a row for each example and %d columns, the net's inputs", m.Sizes[0]))
	}
	for l, layer := range layersOf(theta, m.Sizes) {
		x = affine(x, layer)
		if l == len(m.Sizes)-2 {
			break
		}
		z := x.RawMatrix().Data
		for i, v := range z {
			z[i] = m.Activation.value(v)
		}
	}
	return x
}

// Accuracy returns the share of the examples to whose class the net gives the highest output: of those that it learns, or of unseen
// ones. It panics when the examples cannot be, when the net does not have one output for each class, and as Output does.
func (m MLP) Accuracy(theta []float64, data *Labeled) float64 {
	m.mustBe()
	if err := data.check(); err != nil {
		panic(err)
	}
	if outputs := m.Sizes[len(m.Sizes)-1]; outputs != data.Classes {
		panic(fmt.Errorf("the net has %d outputs and the data have %d classes: they must be as many", outputs, data.Classes))
	}
	right := 0
	for i, label := range data.Labels {
		out := m.Output(theta, data.Features.RawRowView(i))
		if slices.Index(out, slices.Max(out)) == label {
			right++
		}
	}
	return float64(right) / float64(len(data.Labels))
}
