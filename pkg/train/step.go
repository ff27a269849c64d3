package train

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// step builds one ordinary GoMLX training step from θ_t. It returns whether θ_t and its loss are finite, what is to be
// recorded of step t, in the order of Trainer.rows, and the state at θ_{t+1}.
func (t *Trainer) step(g *graph.Graph, u setup, n nodes) (finite *graph.Node, values, next []*graph.Node) {
	for i, v := range t.vars {
		v.SetNodeValue(n.state[i])
	}
	loss := t.loss(g, t.batch(u, n))
	eta := u.schedule.Node(n.step, n.constants, dtypes.Float64)
	if u.reduces() {
		scale, reduced := u.plateau.Node(loss, n.plateau, n.state[len(t.vars)])
		eta = graph.Mul(eta, scale)
		next = []*graph.Node{reduced}
	}
	rate := t.vars[t.rate]
	before := rate.NodeValue(g)
	rate.SetNodeValue(graph.ConvertDType(eta, rate.DType()))

	values = []*graph.Node{loss}
	if t.record.Rate {
		values = append(values, rate.NodeValue(g))
	}
	scope := t.store.RootScope()
	if t.record.GradNorm {
		gradients := make([]*graph.Node, len(t.params))
		for i, gradient := range graph.Gradient(loss, t.pick(func(v *model.Variable) *graph.Node { return v.NodeValue(g) })...) {
			gradients[i] = norm(t.lossDType, gradient)
		}
		values = append(values, graph.Stack(gradients, 0))
	}
	t.optimizer.UpdateGraph(scope, g, loss)
	rate.SetNodeValue(before) // an optimizer's own change of it would be overwritten
	if t.record.StepNorm {
		steps := make([]*graph.Node, len(t.params))
		for i, k := range t.params {
			steps[i] = graph.Sub(t.vars[k].NodeValue(g), n.state[k])
		}
		values = append(values, norm(t.lossDType, steps...))
	}
	if t.record.keepsParams() {
		for _, k := range t.params {
			values = append(values, n.state[k])
		}
	}
	for _, k := range t.also {
		values = append(values, n.state[k])
	}

	finite = graph.LessOrEqual(graph.Abs(loss), n.maxLoss)
	for _, k := range t.params {
		finite = graph.And(finite, graph.LogicalAll(graph.IsFinite(n.state[k])))
	}
	after := make([]*graph.Node, len(t.vars), len(n.state))
	for i, v := range t.vars {
		after[i] = v.NodeValue(g)
	}
	return finite, values, append(after, next...)
}

// loss builds the problem's loss over the batch.
func (t *Trainer) loss(g *graph.Graph, batch []*graph.Node) *graph.Node {
	t.store.SetTraining(g, true)
	loss := t.problem.Loss(t.store.RootScope(), g, batch)
	if loss == nil || !loss.IsScalar() || (loss.DType() != dtypes.Float32 && loss.DType() != dtypes.Float64) {
		exceptions.Panicf("the problem's Loss must return a scalar of type float32 or float64, not %v", loss)
	}
	trainable := func(v *model.Variable) bool { return v.Trainable && v.InUseByGraph(g) }
	if !slices.ContainsFunc(slices.Collect(t.store.IterVariables()), trainable) {
		exceptions.Panicf("the problem's Loss makes no trainable variable: there is nothing to train")
	}
	return loss
}

// batch picks the examples of step t.
func (t *Trainer) batch(u setup, n nodes) []*graph.Node {
	if u.sampler.IsFull() || len(n.data) == 0 {
		return n.data
	}
	indices := graph.ExpandAxes(u.sampler.Node(n.step, n.draw, t.n), -1)
	batch := make([]*graph.Node, len(n.data))
	for i, x := range n.data {
		batch[i] = graph.Gather(x, indices)
	}
	return batch
}

// pick returns f of each of the parameters, in their order.
func (t *Trainer) pick(f func(*model.Variable) *graph.Node) []*graph.Node {
	picked := make([]*graph.Node, len(t.params))
	for i, k := range t.params {
		picked[i] = f(t.vars[k])
	}
	return picked
}

// rows are the shapes of what a step records.
func (t *Trainer) rows() []shapes.Shape {
	rows := []shapes.Shape{shapes.Make(t.lossDType)}
	if t.record.Rate {
		rows = append(rows, t.vars[t.rate].Shape())
	}
	if t.record.GradNorm {
		rows = append(rows, shapes.Make(t.lossDType, len(t.params)))
	}
	if t.record.StepNorm {
		rows = append(rows, shapes.Make(t.lossDType))
	}
	if t.record.keepsParams() {
		for _, k := range t.params {
			rows = append(rows, t.vars[k].Shape())
		}
	}
	for _, k := range t.also {
		rows = append(rows, t.vars[k].Shape())
	}
	return rows
}

// norm is the Euclidean norm of all the values. They are scaled by the greatest, so that no square overflows.
func norm(dtype dtypes.DType, xs ...*graph.Node) *graph.Node {
	scale := graph.Const(xs[0].Graph(), shapes.CastAsDType(1e-37, dtype))
	for _, x := range xs {
		scale = graph.Max(scale, graph.ConvertDType(graph.ReduceAllMax(graph.Abs(x)), dtype))
	}
	var sum *graph.Node
	for _, x := range xs {
		squares := graph.ReduceAllSum(graph.Square(graph.Div(graph.ConvertDType(x, dtype), scale)))
		if sum == nil {
			sum = squares
		} else {
			sum = graph.Add(sum, squares)
		}
	}
	return graph.Mul(scale, graph.Sqrt(sum))
}
