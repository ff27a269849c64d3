package train

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/vmap"
)

// A program is a training run compiled, or several at once. It keeps no state between calls, so that several runs may call it
// at once.
type program interface {
	// run does a block from the given state, with the inputs that stay the same during a run, and appends what it
	// recorded to the runs' histories; of a run that has none nothing counts. It returns for each run the step t that it
	// reached and whether θ_t and its loss were still finite, and the state at θ_t, which is the caller's: nil if no step was done, as
	// that is the given state then.
	run(hs []*History, b block, fixed []any, state []*tensors.Tensor) (at []int, finite []bool, next []*tensors.Tensor, err error)
	// pace is how many steps fit into a call's time, by what the last took; 0 before the first.
	pace() *atomic.Int64
	finalize()
}

// paced is a program's pace.
type paced struct{ steps atomic.Int64 }

func (p *paced) pace() *atomic.Int64 { return &p.steps }

// A block is one call's share of a run of last steps: iterations t in [from, to). Iteration t evaluates and records
// the loss at θ_t and, if t < last, steps to θ_{t+1}. A run that begins at step first records that step too.
type block struct {
	from, to, first, last, stride int
}

// recorded lists the steps before at that the block records: the run's first, multiples of the stride, and last.
func (b block) recorded(at int) (steps []int) {
	for t := b.from; t < at; {
		if t%b.stride == 0 || t == b.first || t == b.last {
			steps = append(steps, t)
		}
		next := (t/b.stride + 1) * b.stride
		if t < b.last {
			next = min(next, b.last)
		}
		t = next
	}
	return steps
}

// firstMultiple is the first multiple of the stride that is not before the block.
func (b block) firstMultiple() int { return (b.from + b.stride - 1) / b.stride * b.stride }

// A setup is what decides a program's structure beside the trainer itself.
type setup struct {
	sampler  sample.Sampler
	schedule schedule.Schedule
	plateau  schedule.Plateau  // the zero Plateau: none
	lanes    int               // runs in one program; 0: one, without an axis for it
}

func (u setup) key() string {
	return fmt.Sprintf("%s; %s; %t; %d", u.sampler.Structure(), u.schedule.Structure(), u.reduces(), u.lanes)
}

func (u setup) reduces() bool { return u.plateau.On() }

// nodes are the inputs of a step in one function of a graph.
type nodes struct {
	step      *graph.Node   // t, int64
	maxLoss   *graph.Node   // the loss's limit
	data      []*graph.Node // the examples
	draw      []*graph.Node // the sampler's inputs
	constants *graph.Node   // the schedule's, float64 [·]
	plateau   *graph.Node   // the plateau's, float64 [·]
	state     []*graph.Node // the variables at θ_t, and the plateau's state
}

// shapes lists the shapes of a program's inputs: those that stay the same during a run, and the state.
func (t *Trainer) shapes(u setup) (fixed, state []shapes.Shape) {
	fixed = []shapes.Shape{shapes.Make(t.lossDType)}
	for _, x := range slices.Concat(t.data, u.sampler.Inputs(0)) {
		fixed = append(fixed, x.Shape())
	}
	fixed = append(fixed, shapes.Make(dtypes.Float64, len(u.schedule.Constants())))
	for _, v := range t.vars {
		state = append(state, v.Shape())
	}
	if u.reduces() {
		fixed = append(fixed, shapes.Make(dtypes.Float64, len(u.plateau.Constants())))
		state = append(state, shapes.Make(dtypes.Float64, len(u.plateau.Start())))
	}
	return fixed, state
}

// unpack gives the nodes of those shapes their names.
func (t *Trainer) unpack(u setup, step *graph.Node, fixed, state []*graph.Node) nodes {
	n := nodes{step: step, maxLoss: fixed[0], data: fixed[1 : 1+len(t.data)], state: state}
	rest := fixed[1+len(t.data):]
	if u.reduces() {
		n.plateau, rest = rest[len(rest)-1], rest[:len(rest)-1]
	}
	n.draw, n.constants = rest[:len(rest)-1], rest[len(rest)-1]
	return n
}

// fixed are the values of the inputs that stay the same during the runs. The tensors among them that are the runs' own,
// and not the trainer's, are returned as own.
func (t *Trainer) fixed(us []setup, cs []Config) (values []any, own []*tensors.Tensor) {
	owns := make([][]*tensors.Tensor, len(us))
	common := t.data
	for i, u := range us {
		limit := tensors.FromValue(cs[i].MaxLoss)
		if t.lossDType == dtypes.Float32 {
			limit = tensors.FromValue(float32(min(cs[i].MaxLoss, math.MaxFloat32)))
		}
		owns[i] = []*tensors.Tensor{limit}
		if batches := t.given(u); batches != nil {
			common = append(slices.Clone(t.data), batches)
		} else {
			owns[i] = append(owns[i], u.sampler.Inputs(cs[i].Seed)...)
		}
		owns[i] = append(owns[i], tensors.FromValue(u.schedule.Constants()))
		if u.reduces() {
			owns[i] = append(owns[i], tensors.FromValue(u.plateau.Constants()))
		}
	}
	own = joined(owns, us[0].lanes)
	values = append(values, own[0])
	for _, x := range slices.Concat(common, own[1:]) {
		values = append(values, x)
	}
	return values, own
}

// given returns the batches of a sampler that sample.Given made, on the device. Runs one after the other and at once share them:
// to copy them for each would take a tenth of the time of a short run. It is nil for other samplers.
func (t *Trainer) given(u setup) *tensors.Tensor {
	if !u.sampler.IsGiven() {
		return nil
	}
	t.batchesMu.Lock()
	defer t.batchesMu.Unlock()
	if t.batches == nil || t.batchesOf != u.sampler {
		batches := u.sampler.Inputs(0)[0]
		if err := batches.MaterializeOnDevice(t.backend, true, 0); err != nil {
			return nil // the run will say it
		}
		t.batches, t.batchesOf = batches, u.sampler // a run may still use the last ones: the garbage collector frees them
	}
	return t.batches
}

// joined puts the tensors of several runs together, those of a run after those of another. The lanes that remain repeat the
// last run. Without lanes there is one run, and its tensors are as they are.
func joined(runs [][]*tensors.Tensor, lanes int) []*tensors.Tensor {
	if lanes == 0 {
		return runs[0]
	}
	all := make([]*tensors.Tensor, len(runs[0]))
	for k, x := range runs[0] {
		all[k] = tensors.FromShape(shapes.Make(x.DType(), slices.Concat([]int{lanes}, x.Shape().Dimensions)...))
		must(all[k].MutableBytes(func(to []byte) {
			size := len(to) / lanes
			for i := range lanes {
				must(runs[min(i, len(runs)-1)][k].ConstBytes(func(from []byte) { copy(to[i*size:], from) }))
			}
		}))
	}
	return all
}

// lane is the part of the tensors that belongs to run i: all of it, or so many of its first rows.
func lane(all []*tensors.Tensor, i, rows int) []*tensors.Tensor {
	own := make([]*tensors.Tensor, len(all))
	for k, x := range all {
		dims := slices.Clone(x.Shape().Dimensions[1:])
		size := x.Shape().Size() / x.Shape().Dimensions[0] * x.DType().Size()
		if rows > 0 {
			dims[0] = rows
		}
		own[k] = tensors.FromShape(shapes.Make(x.DType(), dims...))
		must(x.ConstBytes(func(from []byte) {
			must(own[k].MutableBytes(func(to []byte) { copy(to, from[i*size:]) }))
		}))
	}
	return own
}

// must panics with an error, for catch.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// compile builds and compiles the program. The caller holds the trainer's lock.
func (t *Trainer) compile(u setup) (program, error) {
	backend := t.backend
	if u.lanes > 0 {
		backend = vmap.New(backend, u.lanes, func(parameter string) bool { return t.differs(u, parameter) })
	}
	g := graph.NewGraph(backend, "train")
	model.SetStore(g, t.store)
	var p program
	var outputs []*graph.Node
	err := catch(func() {
		switch {
		case problem.Loops(t.backend):
			p, outputs = t.buildLoop(g, u)
		case u.lanes > 0:
			panic(fmt.Errorf("runs without a loop cannot be batched: %w", compute.ErrNotImplemented))
		default:
			p, outputs = t.buildStep(g, u)
		}
		must(t.checkProgram(g, u.lanes))
		must(g.Compile(outputs...))
	})
	if err != nil {
		g.Finalize()
		return nil, fmt.Errorf("compiling the run: %w", plainly(err))
	}
	return p, nil
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

// parameters makes one parameter of the graph's function for each shape.
func parameters(g *graph.Graph, name string, of []shapes.Shape) []*graph.Node {
	made := make([]*graph.Node, len(of))
	for i, shape := range of {
		made[i] = graph.Parameter(g, fmt.Sprintf("%s%d", name, i), shape)
	}
	return made
}

// inputs makes the parameters of a program's graph, in the order in which it is run with their values. The variables'
// are those that GoMLX makes.
func (t *Trainer) inputs(g *graph.Graph, u setup) (fixed, state []*graph.Node) {
	of, stateOf := t.shapes(u)
	fixed = parameters(g, "fixed", of)
	for _, v := range t.vars {
		state = append(state, v.NodeValue(g))
	}
	return fixed, append(state, parameters(g, "state", stateOf[len(t.vars):])...)
}

// loop is the program proper: a While in the graph, whose state is the step t and every variable, and whose body is
// one training step. With lanes it is made by package vmap: what belongs to a run has a leading axis of runs.
type loop struct {
	paced
	graph   *graph.Graph
	backend compute.Backend // whose buffers it takes
	record  Record
	lanes   int // 0: one run
	records int // how many records a call can return: the history's shape, so that no number of steps compiles anew
}

// historyBytes bounds what one call returns of a run, and four times that of runs together: it is copied from the device whole.
const historyBytes = 1 << 20

// Places of the counters in the loop's state, before its other inputs.
const (
	step = iota
	to
	last
	stride
	from
	ok // the run has not diverged,
	at // and came to this step
	counters
)

// differs tells of the parameters that buildLoop makes, by name, whether each run has its own: the counters up to from, the data and
// given batches are common to all.
func (t *Trainer) differs(u setup, name string) bool {
	var i int
	is := func(format string) bool {
		_, err := fmt.Sscanf(name, format, &i)
		return err == nil
	}
	switch {
	case is("counter%d"):
		return false
	case is("loop%d") && i < counters:
		return i == ok || i == at
	case is("loop%d"):
		i -= counters
	case !is("fixed%d"):
		return true // a variable
	}
	common := len(t.data)
	if u.sampler.IsGiven() {
		common++
	}
	return i < 1 || i > common
}

// buildLoop makes the graph. Its main function makes no scalar through GoMLX's cache: a cached scalar belongs to the
// function that made it first, and the loop's body could not use it.
func (t *Trainer) buildLoop(g *graph.Graph, u setup) (*loop, []*graph.Node) {
	rows := t.rows()
	bytes := 0
	for _, row := range rows {
		bytes += int(row.ByteSize())
	}
	bytes *= max(u.lanes/4, 1)
	p := &loop{graph: g, backend: t.backend, record: t.record, lanes: u.lanes, records: min(max(historyBytes/bytes, 16), 8192)}

	all := parameters(g, "counter", slices.Repeat([]shapes.Shape{shapes.Make(dtypes.Int64)}, from))
	fixed, state := t.inputs(g, u)
	all = slices.Concat(all, []*graph.Node{all[step], graph.Const(g, true), all[step]}, fixed, state)
	for _, row := range rows {
		zero := graph.Const(g, shapes.CastAsDType(0.0, row.DType))
		all = append(all, graph.BroadcastToDims(zero, append([]int{p.records}, row.Dimensions...)...))
	}
	vars := counters + len(fixed)
	history := vars + len(state)

	allShapes := make([]shapes.Shape, len(all))
	for i, x := range all {
		allShapes[i] = x.Shape()
	}
	cond := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		s := parameters(g, "loop", allShapes)
		return []*graph.Node{graph.And(s[ok], graph.LessThan(s[step], s[to]))}
	})
	body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
		s := parameters(g, "loop", allShapes)
		finite, values, stepped := t.step(g, u, t.unpack(u, s[step], s[counters:vars], s[vars:history]))

		next := slices.Clone(s)
		one := graph.Const(g, int64(1))
		next[step] = graph.Add(s[step], one)
		next[ok] = graph.And(s[ok], finite) // beside other runs, one that diverged stays where it is
		next[at] = graph.Where(next[ok], next[step], s[at])
		advance := graph.And(next[ok], graph.LessThan(s[step], s[last]))
		for i, x := range stepped {
			next[vars+i] = graph.Where(advance, x, s[vars+i])
		}

		// Step t goes to row ⌈t/stride⌉ − ⌈from/stride⌉: the last to write a row is the multiple of the stride, or the run's last step, and
		// no branch is needed.
		ceil := func(t *graph.Node) *graph.Node {
			return graph.Div(graph.Add(t, graph.Sub(s[stride], one)), s[stride])
		}
		row := graph.Sub(ceil(s[step]), ceil(s[from]))
		for i, value := range values {
			start := slices.Repeat([]*graph.Node{graph.Const(g, int64(0))}, 1+value.Rank())
			start[0] = row
			next[history+i] = graph.DynamicUpdateSlice(s[history+i], graph.ExpandAxes(value, 0), start)
		}
		return next
	})
	out := graph.While(cond, body, all...)
	return p, slices.Concat([]*graph.Node{out[at], out[ok]}, out[vars:])
}

func (p *loop) finalize() { p.graph.Finalize() }

func (p *loop) run(hs []*History, b block, fixed []any, state []*tensors.Tensor) (at []int, finite []bool, next []*tensors.Tensor, err error) {
	if b.from == b.first && b.first%b.stride != 0 { // the first step's row would be overwritten: a call of its own
		b.to = b.from + 1
	}
	if first, most := b.firstMultiple(), p.records-1; (b.to-1-first)/b.stride >= most { // what fits into the history
		b.to = min(b.to, first+most*b.stride+1)
	}
	inputs := append([]any{int64(b.from), int64(b.to), int64(b.last), int64(b.stride)}, fixed...)
	for _, x := range state {
		inputs = append(inputs, x)
	}
	err = catch(func() {
		out := p.call(inputs)
		for _, t := range tensors.MustCopyFlatData[int64](out[0]) {
			at = append(at, int(t))
		}
		finite = tensors.MustCopyFlatData[bool](out[1])
		next = out[2 : 2+len(state)]
		rows := out[2+len(state):]
		must(each(len(hs), func(i int) error {
			steps := b.recorded(at[i])
			switch {
			case hs[i] == nil || len(steps) == 0:
			case p.lanes == 0:
				hs[i].add(p.record, steps, rows)
			default:
				hs[i].add(p.record, steps, lane(rows, i, len(steps)))
			}
			return nil
		}))
		release(out[:2])
		release(rows)
	})
	return at, finite, next, err
}

// call runs the program. GoMLX's own Run would move the tensors to the backend that the graph was built with, and where there
// are lanes that is vmap's, which has no buffers. It also donates the numbers' buffers, at some microseconds each.
func (p *loop) call(inputs []any) []*tensors.Tensor {
	buffers := make([]compute.Buffer, len(inputs))
	for i, input := range inputs {
		x, mine := input.(*tensors.Tensor)
		if !mine {
			x = tensors.MustFromAnyValue(input)
			defer x.FinalizeAll()
		}
		buffer, err := x.Buffer(p.backend, 0)
		if err != nil {
			panic(err)
		}
		buffers[i] = buffer
	}
	results, err := p.graph.Executable().Execute(buffers, make([]bool, len(buffers)), 0)
	if err != nil {
		panic(err)
	}
	out := make([]*tensors.Tensor, len(results))
	for i, buffer := range results {
		if out[i], err = tensors.FromBuffer(buffer); err != nil {
			panic(err)
		}
	}
	return out
}

// stepwise is the program for backends on which a loop cannot stand in the graph: one step is compiled, and repeated
// from here. It records and stops as loop does.
//
// GoMLX's Go backend (compute v0.1.3) needs it for two reasons. It has no DynamicUpdateSlice, for the history. And it
// compiles a loop's body when the body is built, before its optimizer rewrites the body's nodes (the pass
// ImplicitBroadcastFusion), so that the compiled body reads buffers that nobody has filled or that are freed
// already. This type can go when that backend has mended both.
type stepwise struct {
	paced
	graph  *graph.Graph
	record Record
}

func (t *Trainer) buildStep(g *graph.Graph, u setup) (*stepwise, []*graph.Node) {
	at := graph.Parameter(g, "step", shapes.Make(dtypes.Int64))
	fixed, state := t.inputs(g, u)
	finite, values, next := t.step(g, u, t.unpack(u, at, fixed, state))
	outputs := append([]*graph.Node{finite}, next...)
	for _, value := range values {
		outputs = append(outputs, graph.ExpandAxes(value, 0))
	}
	return &stepwise{graph: g, record: t.record}, outputs
}

func (p *stepwise) finalize() { p.graph.Finalize() }

func (p *stepwise) run(hs []*History, b block, fixed []any, state []*tensors.Tensor) ([]int, []bool, []*tensors.Tensor, error) {
	inputs := append([]any{nil}, fixed...)
	for _, x := range state {
		inputs = append(inputs, x)
	}
	at, finite := 0, false
	var next []*tensors.Tensor
	err := catch(func() {
		for at = b.from; at < b.to; at++ {
			inputs[0] = int64(at)
			for i, x := range next {
				inputs[1+len(fixed)+i] = x
			}
			out := p.graph.Run(inputs...)
			stepped, rows := out[1:1+len(state)], out[1+len(state):]
			finite = tensors.ToScalar[bool](out[0])
			if finite && len(block{at, at + 1, b.first, b.last, b.stride}.recorded(at+1)) > 0 {
				hs[0].add(p.record, []int{at}, rows)
			}
			release(rows)
			if !finite || at == b.last { // θ stays
				release(stepped)
				if !finite {
					return
				}
				continue
			}
			release(next)
			next = stepped
		}
	})
	return []int{at}, []bool{finite}, next, err
}
