package train

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

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

func (p *stepwise) run(hs []*History, b block, fixed []any, state []*tensors.Tensor, _ compute.DeviceNum) ([]int, []bool, []*tensors.Tensor, error) {
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
