package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// A program is a training run compiled. It keeps no state between calls, so that several runs may call it at once.
type program interface {
	// run does a block from the given values of the variables, and appends what it recorded to h. It returns the
	// step t that it reached, whether θ_t and its loss were still finite, and the variables at θ_t.
	run(h *History, b block, state []*tensors.Tensor) (at int, finite bool, next []*tensors.Tensor, err error)
	finalize()
}

// A block is one call's share of a run of last steps: iterations t in [from, to). Iteration t evaluates and records
// the loss at θ_t and, if t < last, steps to θ_{t+1}.
type block struct {
	from, to, last, stride int
	maxLoss                float64
}

// recorded lists the steps before at that the block records: multiples of the stride, and last.
func (b block) recorded(at int) (steps []int) {
	for t := min(b.firstMultiple(), b.last); t < at; t = min(t+b.stride, b.last) {
		steps = append(steps, t)
		if t == b.last {
			break
		}
	}
	return steps
}

// firstMultiple is the first multiple of the stride that is not before the block.
func (b block) firstMultiple() int { return (b.from + b.stride - 1) / b.stride * b.stride }

// compile builds and compiles the program. The caller holds the trainer's lock.
func (t *Trainer) compile() (program, error) {
	g := graph.NewGraph(t.backend, "train")
	model.SetStore(g, t.store)
	var p program
	var outputs []*graph.Node
	err := catch(func() {
		if t.backend.Capabilities().Operations[compute.OpTypeDynamicUpdateSlice] {
			p, outputs = t.buildLoop(g)
		} else {
			p, outputs = t.buildStep(g)
		}
		if err := g.Compile(outputs...); err != nil {
			panic(err)
		}
	})
	if err != nil {
		g.Finalize()
		return nil, fmt.Errorf("compiling the run: %w", err)
	}
	return p, nil
}

// step builds one ordinary GoMLX training step: afterwards the variables' nodes are those of θ_{t+1}. The loss and
// the gradient's norm (nil if not recorded) are those at θ_t.
func (t *Trainer) step(g *graph.Graph, batch []*graph.Node) (loss, gradNorm *graph.Node) {
	scope := t.store.RootScope()
	t.store.SetTraining(g, true)
	loss = t.problem.Loss(scope, g, batch)
	if loss == nil || !loss.IsScalar() || (loss.DType() != dtypes.Float32 && loss.DType() != dtypes.Float64) {
		exceptions.Panicf("the problem's Loss must return a scalar of type float32 or float64, not %v", loss)
	}
	trainable := func(v *model.Variable) bool { return v.Trainable && v.InUseByGraph(g) }
	if !slices.ContainsFunc(slices.Collect(t.store.IterVariables()), trainable) {
		exceptions.Panicf("the problem's Loss makes no trainable variable: there is nothing to train")
	}
	if t.record.GradNorm {
		gradNorm = norm(scope.BuildTrainableVariablesGradientsGraph(loss), loss.DType())
	}
	t.optimizer.UpdateGraph(scope, g, loss)
	return loss, gradNorm
}

// norm is the Euclidean norm of all the values. They are scaled by the greatest, so that no square overflows.
func norm(xs []*graph.Node, dtype dtypes.DType) *graph.Node {
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

// finite tells whether |loss| ≤ maxLoss and the parameters θ_t, among the variables' values, are finite.
func (t *Trainer) finite(loss, maxLoss *graph.Node, vars []*graph.Node) *graph.Node {
	ok := graph.LessOrEqual(graph.Abs(loss), maxLoss)
	for _, i := range t.params {
		ok = graph.And(ok, graph.LogicalAll(graph.IsFinite(vars[i])))
	}
	return ok
}

// inputs makes the parameters of a program's graph: the loss's limit, the data, the variables.
func (t *Trainer) inputs(g *graph.Graph) (maxLoss *graph.Node, data, vars []*graph.Node) {
	maxLoss = graph.Parameter(g, "maxLoss", shapes.Make(t.lossDType))
	for i, x := range t.data {
		data = append(data, graph.Parameter(g, fmt.Sprintf("data%d", i), x.Shape()))
	}
	for _, v := range t.vars {
		vars = append(vars, v.NodeValue(g))
	}
	return maxLoss, data, vars
}

// arguments are the values of those parameters, for a block that starts from state.
func (t *Trainer) arguments(b block, state []*tensors.Tensor) (values []any) {
	if t.lossDType == dtypes.Float32 {
		values = append(values, float32(min(b.maxLoss, math.MaxFloat32)))
	} else {
		values = append(values, b.maxLoss)
	}
	for _, x := range slices.Concat(t.data, state) {
		values = append(values, x)
	}
	return values
}

// loop is the program proper: a While in the graph, whose state is the step t and every variable, and whose body is
// one training step.
type loop struct {
	trainer *Trainer
	graph   *graph.Graph
	records int // how many records a call can return: the history's shape, so that no number of steps compiles anew
}

// historyBytes bounds what one call returns.
const historyBytes = 4 << 20

// buildLoop makes the graph. Its main function makes no scalar through GoMLX's cache: a cached scalar belongs to the
// function that made it first, and the loop's body could not use it.
func (t *Trainer) buildLoop(g *graph.Graph) (*loop, []*graph.Node) {
	var state []*graph.Node
	add := func(nodes ...*graph.Node) (first int) {
		state = append(state, nodes...)
		return len(state) - len(nodes)
	}
	var counters []*graph.Node
	for _, name := range []string{"t", "to", "last", "stride"} {
		counters = append(counters, graph.Parameter(g, name, shapes.Make(dtypes.Int64)))
	}
	limit, batch, values := t.inputs(g)
	step, to, last, stride, from := add(counters...), 1, 2, 3, add(counters[0])
	ok := add(graph.Const(g, true))
	maxLoss := add(limit)
	data := add(batch...)
	vars := add(values...)

	history := len(state)
	rows := []shapes.Shape{shapes.Make(t.lossDType)}
	if t.record.GradNorm {
		rows = append(rows, shapes.Make(t.lossDType))
	}
	if t.record.Params {
		for _, i := range t.params {
			rows = append(rows, t.vars[i].Shape())
		}
	}
	bytes := 0
	for _, row := range rows {
		bytes += int(row.ByteSize())
	}
	p := &loop{trainer: t, graph: g, records: min(max(historyBytes/bytes, 16), 1024)}
	for _, row := range rows {
		zero := graph.Const(g, shapes.CastAsDType(0.0, row.DType))
		add(graph.BroadcastToDims(zero, append([]int{p.records}, row.Dimensions...)...))
	}

	parameters := func(g *graph.Graph) []*graph.Node {
		nodes := make([]*graph.Node, len(state))
		for i, s := range state {
			nodes[i] = graph.Parameter(g, fmt.Sprintf("state%d", i), s.Shape())
		}
		return nodes
	}
	cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		s := parameters(g)
		return []*graph.Node{graph.And(s[ok], graph.LessThan(s[step], s[to]))}
	})
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		s := parameters(g)
		for i, v := range t.vars {
			v.SetNodeValue(s[vars+i])
		}
		loss, gradNorm := t.step(g, s[data:vars])
		finite := t.finite(loss, s[maxLoss], s[vars:history])

		next := slices.Clone(s)
		one := graph.Const(g, int64(1))
		next[ok] = finite
		next[step] = graph.Where(finite, graph.Add(s[step], one), s[step])
		advance := graph.And(finite, graph.LessThan(s[step], s[last]))
		for i, v := range t.vars {
			next[vars+i] = graph.Where(advance, v.NodeValue(g), s[vars+i])
		}

		// Step t goes to row ⌈t/stride⌉ − ⌈from/stride⌉: the last to write a row is the multiple of the stride, or the
		// run's last step, and no branch is needed.
		ceil := func(t *graph.Node) *graph.Node {
			return graph.Div(graph.Add(t, graph.Sub(s[stride], one)), s[stride])
		}
		row := graph.Sub(ceil(s[step]), ceil(s[from]))
		values := []*graph.Node{loss}
		if t.record.GradNorm {
			values = append(values, gradNorm)
		}
		if t.record.Params {
			for _, i := range t.params {
				values = append(values, s[vars+i])
			}
		}
		for i, value := range values {
			start := slices.Repeat([]*graph.Node{graph.Const(g, int64(0))}, 1+value.Rank())
			start[0] = row
			next[history+i] = graph.DynamicUpdateSlice(s[history+i], graph.ExpandAxes(value, 0), start)
		}
		return next
	})
	out := graph.While(cond, body, state...)
	return p, slices.Concat([]*graph.Node{out[step], out[ok]}, out[vars:])
}

func (p *loop) finalize() { p.graph.Finalize() }

func (p *loop) run(h *History, b block, state []*tensors.Tensor) (at int, finite bool, next []*tensors.Tensor, err error) {
	b.to = min(b.to, b.firstMultiple()+(p.records-1)*b.stride+1) // what fits into the history
	inputs := []any{int64(b.from), int64(b.to), int64(b.last), int64(b.stride)}
	inputs = append(inputs, p.trainer.arguments(b, state)...)
	err = catch(func() {
		out := p.graph.Run(inputs...)
		at, finite = int(tensors.ToScalar[int64](out[0])), tensors.ToScalar[bool](out[1])
		rows := out[2+len(state):]
		next = out[2 : 2+len(state)]
		h.add(p.trainer.record, b.recorded(at), rows)
		release(rows)
	})
	return at, finite, next, err
}

// stepwise is the program for backends on which a loop cannot stand in the graph: one step is compiled, and repeated
// from here. It records and stops as loop does.
//
// GoMLX's Go backend (compute v0.1.3) needs it for two reasons. It has no DynamicUpdateSlice, for the history. And it
// compiles a loop's body when the body is built, before its optimizer rewrites the body's nodes (the pass
// ImplicitBroadcastFusion), so that the compiled body reads buffers that nobody has filled or that are freed
// already. This type can go when that backend has mended both.
type stepwise struct {
	trainer *Trainer
	graph   *graph.Graph
}

func (t *Trainer) buildStep(g *graph.Graph) (*stepwise, []*graph.Node) {
	maxLoss, data, vars := t.inputs(g)
	loss, gradNorm := t.step(g, data)
	outputs := []*graph.Node{t.finite(loss, maxLoss, vars)}
	for _, v := range t.vars {
		outputs = append(outputs, v.NodeValue(g))
	}
	outputs = append(outputs, graph.ExpandAxes(loss, 0))
	if t.record.GradNorm {
		outputs = append(outputs, graph.ExpandAxes(gradNorm, 0))
	}
	return &stepwise{t, g}, outputs
}

func (p *stepwise) finalize() { p.graph.Finalize() }

func (p *stepwise) run(h *History, b block, state []*tensors.Tensor) (at int, finite bool, next []*tensors.Tensor, err error) {
	record := p.trainer.record
	inputs := p.trainer.arguments(b, state)
	vars := inputs[len(inputs)-len(state):]
	next = state
	err = catch(func() {
		for at = b.from; at < b.to; at++ {
			for i, x := range next {
				vars[i] = x
			}
			out := p.graph.Run(inputs...)
			stepped, rows := out[1:1+len(next)], out[1+len(next):]
			finite = tensors.ToScalar[bool](out[0])
			if finite && (at%b.stride == 0 || at == b.last) {
				if record.Params {
					rows = slices.Concat(rows, p.trainer.trained(next))
				}
				h.add(record, []int{at}, rows)
			}
			if !finite || at == b.last { // θ stays
				release(out)
				if !finite {
					return
				}
				continue
			}
			if at > b.from {
				release(next)
			}
			next = stepped
		}
	})
	return at, finite, next, err
}
