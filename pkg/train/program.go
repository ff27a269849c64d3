package train

import (
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/vmap"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

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
	plateau  schedule.Plateau // the zero Plateau: none
	lanes    int              // runs in one program; 0: one, without an axis for it
}

// setupOf is the structure of a settled run's program.
func setupOf(c Config, lanes int) setup {
	return setup{sampler: c.Sampler, schedule: c.Schedule, plateau: c.Plateau, lanes: lanes}
}

func (u setup) key() string {
	return fmt.Sprintf("%s; %s; %t; %d", u.sampler.Structure(), u.schedule.Structure(), u.reduces(), u.lanes)
}

func (u setup) reduces() bool { return u.plateau.On() }

// compile builds and compiles the program. The caller holds the trainer's lock.
func (t *Trainer) compile(u setup) (*program, error) {
	backend := t.backend
	if u.lanes > 0 {
		backend = vmap.New(backend, u.lanes, func(parameter string) bool { return t.differs(u, parameter) })
	}
	g := graph.NewGraph(backend, "train")
	model.SetStore(g, t.store)
	var p *program
	var outputs []*graph.Node
	err := catch(func() {
		p, outputs = t.buildLoop(g, u)
		must(t.checkProgram(g, u.lanes))
		must(g.Compile(outputs...))
		p.execute = g.Executable().Execute
	})
	if err != nil {
		g.Finalize()
		return nil, fmt.Errorf("compiling the run: %w", plainly(err))
	}
	return p, nil
}

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
