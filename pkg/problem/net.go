package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/memory"
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

// Net is a neural net of dense layers, built of GoMLX's layers (lecture section 2): hidden layers of the Widths given with
// the Activation, then a linear output,
//
//	h₀ = x,  h_l = φ(h_{l−1}W_l + b_l),  f(x) = h_L W + b.
//
// Its parameters are "hidden01/dense/weights" [in, width], "hidden01/dense/biases" [width], …, "output/dense/weights" and
// "output/dense/biases". NewRegression, NewRegressor and NewClassifier make one.
type Net struct {
	Widths     []int // of the hidden layers; none for a linear model
	Activation Activation
	// DType in which Loss computes and Data is given; zero: Float32.
	DType dtypes.DType

	x       *mat.Dense // [n, d]
	y       []float64  // [n], the targets, or the classes 0, 1, …
	classes int        // 0 for regression
}

var _ Problem = (*Net)(nil)

// NewRegression makes a net of one input and one output from points, with the loss 1/(2n) Σᵢ (f(xᵢ) − yᵢ)²: half of what
// PyTorch calls MSELoss. It is an error when there is no point, when xs and ys differ in length, when a value is not finite,
// when a width is below 1, when there are more than 99 widths, or when the net does not fit into memory.
func NewRegression(widths []int, xs, ys []float64) (*Net, error) {
	if len(xs) == 0 {
		return nil, errors.New("xs is empty: give at least one point")
	}
	return NewRegressor(widths, mat.NewDense(len(xs), 1, slices.Clone(xs)), ys)
}

// NewRegressor is NewRegression for features x [n, d] of any dimension, with the same errors.
func NewRegressor(widths []int, x *mat.Dense, y []float64) (*Net, error) {
	return newNet(widths, x, y, 0)
}

// NewClassifier makes a net from features x [n, d] and their classes 0, 1, …, classes−1, with one output for each class
// and the mean cross-entropy −log softmax(f(xᵢ))_{yᵢ} as its loss. It is an error when there are fewer than 2 classes or when a
// label is not one of them; else the errors are those of NewRegression.
func NewClassifier(widths []int, x *mat.Dense, labels []int, classes int) (*Net, error) {
	if classes < 2 {
		return nil, fmt.Errorf("classes is %d: there must be at least 2", classes)
	}
	y, err := checkLabels(x, labels, classes)
	if err != nil {
		return nil, err
	}
	return newNet(widths, x, y, classes)
}

func newNet(widths []int, x *mat.Dense, y []float64, classes int) (*Net, error) {
	fit, err := NewLeastSquares(x, y) // the same checks of the data
	if err != nil {
		return nil, err
	}
	net := &Net{Widths: slices.Clone(widths), x: fit.x, y: fit.y, classes: classes}
	if err := net.checkWidths(); err != nil {
		return nil, err
	}
	return net, nil
}

// mustHaveLayers panics when the Widths or the Activation, which may be set, are not those of a net.
func (n *Net) mustHaveLayers() {
	if err := n.checkLayers(); err != nil {
		panic(err)
	}
}

// checkLayers says what is wrong with the Widths, of whatever size the net is, and the Activation.
func (n *Net) checkLayers() error {
	for l, width := range n.Widths {
		if width < 1 {
			return fmt.Errorf("widths[%d] is %d: a layer must have at least 1 unit", l, width)
		}
	}
	if len(n.Widths) > 99 {
		return fmt.Errorf("widths has %d layers: there can be 99", len(n.Widths))
	}
	return n.Activation.check()
}

// checkWidths says what is wrong with the Widths, or that the net would not fit into memory.
func (n *Net) checkWidths() error {
	if err := n.checkLayers(); err != nil {
		return err
	}
	rows, before := n.x.Dims()
	bytes := memory.Bytes(8, rows, n.outputs()) // the targets
	for _, width := range append(slices.Clone(n.Widths), n.outputs()) {
		bytes, before = bytes+memory.Bytes(8, before, width), width
	}
	return memory.Check(bytes, "lower the widths or the classes", "a net of the widths %v and %d outputs on %d examples", n.Widths, n.outputs(), rows)
}

// outputs is the number of the net's outputs.
func (n *Net) outputs() int { return max(n.classes, 1) }

// Data returns the features [n, d], and the targets: [n, 1], or of a classifier one-hot [n, classes]. It panics when a
// value does not fit into DType.
func (n *Net) Data() []*tensors.Tensor {
	mustBeMade(n.x)
	rows, d := n.x.Dims()
	y := n.y
	if n.classes > 0 {
		y = make([]float64, rows*n.classes)
		for i, label := range n.y {
			y[i*n.classes+int(label)] = 1
		}
	}
	return []*tensors.Tensor{tensorOf(n.DType, n.x.RawMatrix().Data, rows, d), tensorOf(n.DType, y, rows, n.outputs())}
}

// Predict builds f(x), [b, outputs], for a batch of features [b, d]. It panics when Widths or Activation cannot be.
func (n *Net) Predict(scope *model.Scope, x *graph.Node) *graph.Node {
	n.mustHaveLayers()
	dense, h := denseProducts, x
	if Loops(x.Graph().Backend()) && n.small(x.Shape().Dim(-1)) {
		dense = denseSums
	}
	layers := len(n.Widths) + 1
	for l, width := range n.Widths {
		h = n.Activation.node(dense(scope.In("%s", layerName(l, layers)), h, width))
	}
	return dense(scope.In("%s", layerName(layers-1, layers)), h, n.outputs())
}

// Loops tells whether a loop of training steps can stand in the backend's graph: its history is written by this operation,
// which the Go backend lacks.
func Loops(backend compute.Backend) bool {
	return backend != nil && backend.Capabilities().Operations[compute.OpTypeDynamicUpdateSlice]
}

// small tells whether no layer has more than 512 weights, those of one input or one output not counted.
func (n *Net) small(inputs int) bool {
	for _, outputs := range append(slices.Clone(n.Widths), n.outputs()) {
		if inputs > 1 && outputs > 1 && inputs*outputs > 512 {
			return false
		}
		inputs = outputs
	}
	return true
}

// denseProducts is GoMLX's dense layer.
func denseProducts(scope *model.Scope, h *graph.Node, outputs int) *graph.Node {
	return layers.Dense(scope, h, true, outputs)
}

// denseSums is the same layer, with its matrix product written as products and their sums. XLA:CPU hands a matrix product to
// a library, and a loop that does cannot be one kernel (accel): a step of small nets takes 0.1 to 0.7 times as long without.
// The Go backend, which does not compile, is faster with matrix products. To go when XLA compiles small products itself.
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

// Loss builds the mean loss over a batch of Data, a scalar. It panics, as GoMLX's model functions do, when the batch does
// not fit.
func (n *Net) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	if len(batch) != 2 {
		panic(fmt.Errorf("batch has %d nodes: a net needs two, features and targets", len(batch)))
	}
	x, y := batch[0], batch[1]
	b := x.Shape().Dim(0)
	scale := func(by float64) *graph.Node {
		return graph.ConstTensor(g, tensorOf(n.DType, []float64{by / float64(b)}))
	}
	prediction := n.Predict(scope, x)
	if n.classes == 0 {
		residual := graph.Reshape(graph.Sub(prediction, y), b)
		return graph.Mul(scale(0.5), graph.Dot(residual, residual).Product())
	}
	flat := func(x *graph.Node) *graph.Node { return graph.Reshape(x, b*n.classes) }
	return graph.Mul(scale(-1), graph.Dot(flat(y), flat(graph.LogSoftmax(prediction, -1))).Product())
}

// Start draws starting values as PyTorch's Linear does, weights and biases uniform in ±1/√inputs of their layer. If elbows
// is true, the biases of the first layer of a net of one input are then such that the elbows −b/w are uniform over the
// range of the data, as CS182 has it. It is what train.Config.Start takes. It panics when Widths cannot be.
func (n *Net) Start(seed int, elbows bool) map[string]any {
	if err := n.checkWidths(); err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 182))
	sizes := n.sizes()
	layers := make(Layers, len(sizes)-1)
	for l := range layers {
		in, out := sizes[l], sizes[l+1]
		bound := 1 / math.Sqrt(float64(in))
		uniform := func(size int) []float64 {
			xs := make([]float64, size)
			for i := range xs {
				xs[i] = bound * (2*rng.Float64() - 1)
			}
			return xs
		}
		w, b := uniform(in*out), uniform(out)
		if elbows && l == 0 && len(n.Widths) > 0 && in == 1 {
			lo, hi := mat.Min(n.x), mat.Max(n.x)
			for j := range b {
				b[j] = -w[j] * (lo + (hi-lo)*rng.Float64())
			}
		}
		layers[l] = Layer{mat.NewDense(in, out, w), b}
	}
	return layers.Start()
}

// sizes are the inputs, the widths and the outputs.
func (n *Net) sizes() []int {
	_, in := n.x.Dims()
	return append(append([]int{in}, n.Widths...), n.outputs())
}

// Output returns f(x), [outputs], on the host, from the parameters flattened as train.History has them: by layer, the
// biases before the weights. It panics when the lengths do not fit, and as Predict does.
func (n *Net) Output(theta, x []float64) []float64 {
	n.mustHaveLayers()
	sizes := n.sizes()
	if len(x) != sizes[0] {
		panic(fmt.Sprintf("x has %d elements: the net has %d inputs", len(x), sizes[0]))
	}
	parameters, err := Parameters(sizes...)
	if err != nil {
		panic(err)
	}
	mustFit(theta, parameters)
	z, _ := layersOf(theta, sizes).Forward(x, func(_, _ int, z float64) float64 { return n.Activation.At(z) })
	return z[len(n.Widths)]
}

// Accuracy returns the part of the examples to whose class the net gives the highest output. It panics for a regression,
// which has no classes.
func (n *Net) Accuracy(theta []float64) float64 {
	if n.classes == 0 {
		panic(errors.New("the net is a regression: only the net of NewClassifier has an accuracy"))
	}
	right := 0
	for i, label := range n.y {
		out := n.Output(theta, n.x.RawRowView(i))
		if slices.Index(out, slices.Max(out)) == int(label) {
			right++
		}
	}
	return float64(right) / float64(len(n.y))
}
