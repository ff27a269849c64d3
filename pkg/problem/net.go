package problem

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/missing"
)

// Data is examples with what a net is to learn of them, and the loss that says how far it is off: Points or Labeled. For other data and
// losses there is train.Model.
type Data interface {
	// arrays returns copies of the features [n, inputs] and the targets [n, outputs]. It is an error when the examples cannot be.
	arrays() (x, y *mat.Dense, err error)
	// loss builds the mean loss of the outputs f(x) over a batch, a scalar; both are [b, outputs].
	loss(targets, outputs *graph.Node) *graph.Node
}

// Points are examples of a regression. Their loss is 1/(2n) Σᵢ (f(xᵢ) − yᵢ)²: half of what PyTorch calls MSELoss.
type Points struct {
	Features *mat.Dense // [n, d]
	Targets  []float64  // [n]
}

// NewPoints makes points (xᵢ, yᵢ) of a function of one variable.
func NewPoints(xs, ys []float64) *Points {
	if len(xs) == 0 {
		return &Points{}
	}
	return &Points{mat.NewDense(len(xs), 1, xs), ys}
}

func (p *Points) arrays() (x, y *mat.Dense, err error) {
	fit, err := NewLeastSquares(p.Features, p.Targets) // the same checks
	if err != nil {
		return nil, nil, err
	}
	return fit.x, mat.NewDense(len(fit.y), 1, fit.y), nil
}

func (p *Points) loss(targets, outputs *graph.Node) *graph.Node {
	b := outputs.Shape().Dim(0)
	residual := graph.Reshape(graph.Sub(outputs, targets), b)
	return scaledDot(0.5, b, residual, residual)
}

// scaledDot is by/b times the dot product of two vectors, for a batch of b.
func scaledDot(by float64, b int, u, v *graph.Node) *graph.Node {
	scale := graph.ConstTensor(u.Graph(), tensorOf(u.DType(), []float64{by / float64(b)}))
	return graph.Mul(scale, graph.Dot(u, v).Product())
}

// Net is the problem that a model learns data. Its fields are the model's, with which it predicts.
type Net struct {
	MLP
	x, y *mat.Dense // [n, inputs] and [n, outputs]
	data Data
}

var _ Problem = (*Net)(nil)

// NewNet makes the problem. It is an error when the model or the data cannot be, when a value is not finite, when a size of the model is
// below 1, when it has more than 99 hidden layers or does not fit into memory, and when it has not one input for each feature, and one
// output for Points or one for each class of Labeled.
func NewNet(model MLP, data Data) (*Net, error) {
	if _, err := model.check(); err != nil {
		return nil, err
	}
	if missing.Any(data) {
		return nil, errors.New("data is nil: give Points or Labeled")
	}
	x, y, err := data.arrays()
	if err != nil {
		return nil, err
	}
	inputs, outputs := x.RawMatrix().Cols, y.RawMatrix().Cols
	if sizes := model.Sizes; sizes[0] != inputs || sizes[len(sizes)-1] != outputs {
		return nil, fmt.Errorf("the model has the sizes %v: for these data it must have %d inputs and %d outputs", sizes, inputs, outputs)
	}
	model.Sizes = slices.Clone(model.Sizes)
	return &Net{model, x, y, data}, nil
}

// Structure names what Loss builds: nets of the same structure differ in their Data alone.
func (n *Net) Structure() string {
	return fmt.Sprintf("net %v %v %v %T", n.Sizes, n.Activation, n.DType, n.data)
}

// Data returns the features [n, inputs] and the targets [n, outputs], of classes one-hot. It panics when a value does not fit into DType.
func (n *Net) Data() []*tensors.Tensor {
	mustBeMade(n.x)
	x, y := n.x.RawMatrix(), n.y.RawMatrix()
	return []*tensors.Tensor{tensorOf(n.DType, x.Data, x.Rows, x.Cols), tensorOf(n.DType, y.Data, y.Rows, y.Cols)}
}

// Loss builds the mean loss over a batch of Data, a scalar. It panics, as GoMLX's model functions do, when the batch does
// not fit.
func (n *Net) Loss(scope *model.Scope, _ *graph.Graph, batch []*graph.Node) *graph.Node {
	if len(batch) != 2 {
		panic(fmt.Errorf("batch has %d nodes: a net needs two, features and targets", len(batch)))
	}
	return n.data.loss(batch[1], n.Predict(scope, batch[0]))
}
