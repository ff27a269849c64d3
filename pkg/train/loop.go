package train

import (
	"slices"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A program is a training run compiled, or several at once: a While in the graph, whose state is the step t and every variable, and
// whose body is one training step. With lanes it is made by package vmap: what belongs to a run has a leading axis of runs. It
// keeps no state between calls, so that several runs may call it at once.
type program struct {
	pace    atomic.Int64 // how many steps fit into a call's time, by what the last took; 0 before the first
	graph   *graph.Graph
	execute func(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error)
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

// buildLoop makes the graph. Its main function makes no scalar through GoMLX's cache: a cached scalar belongs to the
// function that made it first, and the loop's body could not use it.
func (t *Trainer) buildLoop(g *graph.Graph, u setup) (*program, []*graph.Node) {
	rows := t.rows()
	bytes := 0
	for _, row := range rows {
		bytes += int(row.ByteSize())
	}
	bytes *= max(u.lanes/4, 1)
	p := &program{graph: g, backend: t.backend, record: t.record, lanes: u.lanes, records: min(max(historyBytes/bytes, 16), 8192)}

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

func (p *program) finalize() { p.graph.Finalize() }

// run does a block on the device from the given state, with the inputs that stay the same during a run, and appends what it
// recorded to the runs' histories; of a run that has none nothing counts. It returns for each run the step t that it
// reached and whether θ_t and its loss were still finite, and the state at θ_t, which is the caller's.
func (p *program) run(hs []*History, b block, fixed []any, state []*tensors.Tensor, device compute.DeviceNum) (
	at []int, finite []bool, next []*tensors.Tensor, err error) {
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
		out := p.call(inputs, device)
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

// call runs the program on the device. GoMLX's own Run would move the tensors to the backend that the graph was built with, and where there
// are lanes that is vmap's, which has no buffers. It also donates the numbers' buffers, at some microseconds each.
func (p *program) call(inputs []any, device compute.DeviceNum) []*tensors.Tensor {
	buffers := make([]compute.Buffer, len(inputs))
	for i, input := range inputs {
		x, mine := input.(*tensors.Tensor)
		if !mine {
			x = tensors.MustFromAnyValue(input)
			defer x.FinalizeAll()
		}
		buffer, err := x.Buffer(p.backend, device)
		if err != nil {
			panic(err)
		}
		buffers[i] = buffer
	}
	results, err := p.execute(buffers, make([]bool, len(buffers)), device)
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
