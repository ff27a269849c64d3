package train

import (
	"errors"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"descent.example/pkg/problem"
)

// Model makes a problem of any GoMLX model: Predict builds it from the inputs as for GoMLX's own trainer, and Error, one
// of GoMLX's losses or another function of that form, compares its predictions with the labels. A loss for each example
// is averaged.
type Model struct {
	Predict func(scope *model.Scope, inputs []*graph.Node) []*graph.Node
	Error   func(labels, predictions []*graph.Node) *graph.Node
	// Inputs and Labels share their leading axis, n.
	Inputs, Labels []*tensors.Tensor
}

var _ problem.Problem = Model{}

// Data returns the inputs, then the labels.
func (m Model) Data() []*tensors.Tensor {
	return append(append([]*tensors.Tensor{}, m.Inputs...), m.Labels...)
}

// Loss builds the model and its mean loss over a batch, a scalar.
func (m Model) Loss(scope *model.Scope, _ *graph.Graph, batch []*graph.Node) *graph.Node {
	if m.Predict == nil || m.Error == nil {
		panic(errors.New("Model needs Predict and Error; one of them is nil"))
	}
	inputs, labels := batch[:len(m.Inputs)], batch[len(m.Inputs):]
	loss := m.Error(labels, m.Predict(scope, inputs))
	if loss != nil && !loss.IsScalar() {
		loss = graph.ReduceAllMean(loss)
	}
	return loss
}
