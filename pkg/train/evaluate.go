package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"descent.example/internal/plural"
	"descent.example/pkg/memory"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// evaluator computes the loss and its gradients at given parameters, outside of a run. Each of its programs is compiled
// when it is first asked for. Variables that are not trained (averages of a batch norm) are as at the start.
type evaluator struct {
	full     *graph.Graph // data, variables → L(θ), ∇L(θ) of each parameter
	examples *graph.Graph // data, variables → ∇ℓᵢ(θ) of each parameter, [n, …]; without loops: of example i, an input
	model    *graph.Graph // data, variables, features → the model's outputs
}

func (e *evaluator) finalize() {
	for _, g := range []*graph.Graph{e.full, e.examples, e.model} {
		if g != nil {
			g.Finalize()
		}
	}
}

// Evaluate returns L(θ) over all examples and its gradient at the parameters θ, flattened as History.Params is.
// It is an error when theta has another length, when the trainer is closed, or when the program cannot be built or run. A loss
// that is not finite is no error.
func (t *Trainer) Evaluate(theta []float64) (loss float64, gradient []float64, err error) {
	err = t.use(func() (err error) {
		loss, gradient, err = t.evaluate(theta)
		return err
	})
	return loss, gradient, err
}

func (t *Trainer) evaluate(theta []float64) (loss float64, gradient []float64, err error) {
	program, inputs, err := t.evaluation(theta, func(e *evaluator) **graph.Graph { return &e.full }, func(g *graph.Graph) []*graph.Node {
		n := t.evaluated(g)
		return t.gradient(g, n, n.data)
	})
	if err == nil {
		err = catch(func() {
			out := program.Run(inputs...)
			loss = floats(out[0], 1)[0]
			for _, x := range out[1:] {
				gradient = append(gradient, floats(x, x.Size())...)
			}
			release(out)
		})
	}
	if err != nil {
		return 0, nil, fmt.Errorf("evaluating the loss: %w", err)
	}
	return loss, gradient, nil
}

// ExampleGradients returns the gradient of each example's loss at the parameters θ, flattened as History.Params is:
// [n][·]. Their mean is the gradient of a loss that is a mean over the examples. It is an error when the problem has no examples or
// when the gradients do not fit into memory; the other errors are those of Evaluate.
func (t *Trainer) ExampleGradients(theta []float64) (gradients [][]float64, err error) {
	err = t.use(func() (err error) {
		gradients, err = t.exampleGradients(theta)
		return err
	})
	return gradients, err
}

func (t *Trainer) exampleGradients(theta []float64) (gradients [][]float64, err error) {
	if t.n == 0 {
		return nil, errors.New("evaluating the examples' gradients: the problem has no examples")
	}
	if err := memory.Check(memory.Bytes(16, t.n, len(theta)), "take fewer examples", "the gradients of %d examples of %d parameters", t.n, len(theta)); err != nil {
		return nil, err
	}
	program, inputs, err := t.evaluation(theta, func(e *evaluator) **graph.Graph { return &e.examples }, t.allExamples)
	if err == nil {
		err = catch(func() {
			out := program.Run(inputs...)
			gradients = flatten(out, t.n)
			release(out)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("evaluating the examples' gradients: %w", err)
	}
	return gradients, nil
}

// derive computes what a run records that is not part of its steps, for the records that are new. If ctx ends, it drops the
// records that lack it, and tells that they are not all there.
func (t *Trainer) derive(ctx context.Context, h *History) (all bool, err error) {
	fresh := h.fresh
	h.fresh = nil
	for i, theta := range fresh {
		if ctx.Err() != nil {
			h.truncate(len(h.Step) - len(fresh) + i)
			return false, nil
		}
		if t.record.FullLoss {
			loss, _, err := t.Evaluate(theta)
			if err != nil {
				return false, err
			}
			h.FullLoss = append(h.FullLoss, loss)
		}
		if t.record.ExampleGradients {
			gradients, err := t.ExampleGradients(theta)
			if err != nil {
				return false, err
			}
			h.ExampleGradients = append(h.ExampleGradients, gradients)
		}
	}
	return true, nil
}

// evaluation returns one of the evaluator's programs, compiled if it is the first time, and its inputs for θ.
func (t *Trainer) evaluation(theta []float64, which func(*evaluator) **graph.Graph, outputs func(*graph.Graph) []*graph.Node) (
	program *graph.Graph, inputs []any, err error) {
	seed := 0
	if s := t.start.Load(); s != nil {
		seed = s.seed
	}
	start, err := t.startValues(seed, true)
	if err != nil {
		return nil, nil, fmt.Errorf("drawing starting values: %w", err)
	}
	if inputs, err = t.at(theta, start); err != nil {
		return nil, nil, err
	}
	defer t.lock()()
	if t.evaluator == nil {
		t.evaluator = new(evaluator)
	}
	place := which(t.evaluator)
	if *place == nil {
		if *place, err = t.build(outputs); err != nil {
			return nil, nil, err
		}
	}
	return *place, inputs, nil
}

// at are the inputs of a program of the evaluator: the data, and the variables with the parameters θ.
func (t *Trainer) at(theta []float64, start []*tensors.Tensor) (inputs []any, err error) {
	for _, x := range slices.Concat(t.data, start) {
		inputs = append(inputs, x)
	}
	state := len(t.data)
	size := 0
	for _, k := range t.params {
		size += t.vars[k].Shape().Size()
	}
	if len(theta) != size {
		return nil, fmt.Errorf("theta has %s: it must have %d, one for each parameter", plural.Of(len(theta), "element"), size)
	}
	for _, k := range t.params {
		shape := t.vars[k].Shape()
		x := tensors.FromShape(shape)
		fill(x, theta[:shape.Size()])
		theta = theta[shape.Size():]
		inputs[state+k] = x
	}
	return inputs, nil
}

// build compiles a program of the evaluator.
func (t *Trainer) build(outputs func(*graph.Graph) []*graph.Node) (*graph.Graph, error) {
	g := graph.NewGraph(t.backend, "evaluate")
	model.SetStore(g, t.store)
	err := catch(func() {
		if err := g.Compile(outputs(g)...); err != nil {
			panic(err)
		}
	})
	if err != nil {
		g.Finalize()
		return nil, err
	}
	return g, nil
}

// evaluated makes the inputs of a program of the evaluator.
func (t *Trainer) evaluated(g *graph.Graph) nodes {
	of := make([]shapes.Shape, len(t.data))
	for i, x := range t.data {
		of[i] = x.Shape()
	}
	n := nodes{data: parameters(g, "data", of)}
	for _, v := range t.vars {
		n.state = append(n.state, v.NodeValue(g))
	}
	return n
}

// gradient builds the loss over a batch and the gradient of each parameter.
func (t *Trainer) gradient(g *graph.Graph, n nodes, batch []*graph.Node) []*graph.Node {
	for i, v := range t.vars {
		v.SetNodeValue(n.state[i])
	}
	loss := t.loss(g, batch)
	return append([]*graph.Node{loss}, graph.Gradient(loss, t.pick(func(v *model.Variable) *graph.Node { return v.NodeValue(g) })...)...)
}

// allExamples are the gradients of all examples, one after the other in a loop.
func (t *Trainer) allExamples(g *graph.Graph) []*graph.Node {
	n := t.evaluated(g)
	all := append([]*graph.Node{graph.Const(g, int32(0))}, slices.Concat(n.data, n.state)...)
	gradients := len(all)
	for _, k := range t.params {
		shape := t.vars[k].Shape()
		zero := graph.Const(g, shapes.CastAsDType(0.0, shape.DType))
		all = append(all, graph.BroadcastToDims(zero, append([]int{t.n}, shape.Dimensions...)...))
	}
	of := make([]shapes.Shape, len(all))
	for i, x := range all {
		of[i] = x.Shape()
	}
	cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		return []*graph.Node{graph.LessThan(parameters(g, "loop", of)[0], graph.Const(g, int32(t.n)))}
	})
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		next := parameters(g, "loop", of)
		index := next[0]
		n := nodes{data: next[1 : 1+len(t.data)], state: next[1+len(t.data) : gradients]}
		for i, x := range t.gradient(g, n, single(n.data, index))[1:] {
			start := []*graph.Node{index}
			for range x.Rank() {
				start = append(start, graph.Const(g, int32(0)))
			}
			next[gradients+i] = graph.DynamicUpdateSlice(next[gradients+i], graph.ExpandAxes(x, 0), start)
		}
		next[0] = graph.Add(index, graph.Const(g, int32(1)))
		return next
	})
	return graph.While(cond, body, all...)[gradients:]
}

// single is the batch of one example.
func single(data []*graph.Node, index *graph.Node) []*graph.Node {
	batch := make([]*graph.Node, len(data))
	for i, x := range data {
		batch[i] = graph.Gather(x, graph.Reshape(index, 1, 1))
	}
	return batch
}
