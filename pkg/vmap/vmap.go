// Package vmap makes one program that does the same computation for n sets of inputs at once, from a graph that is written
// for one, as JAX's vmap does. It pays on a GPU, which takes about as long for hundreds of small nets as for one.
//
// New wraps a backend. A graph built on the wrapper has the shapes of a single computation; the program that it compiles
// adds a leading axis of n to the inputs that differ between the computations and to everything computed from them. What does
// not depend on them, such as the data that all runs of a sweep share, is computed and kept once.
package vmap

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// New returns a backend whose graphs compile to programs for n computations at once. differs is called with the name of each
// parameter of the graph and of its closures, and tells whether each computation has its own value: the program takes and returns
// those values with a leading axis of n. Run it by the graph's Executable, with buffers of the backend itself: GoMLX's own Run
// would move tensors from it to the wrapper.
//
// What has no rule here (convolutions, random bits, sorting, scatters, a loop within another) is an error that wraps
// compute.ErrNotImplemented when the graph is built. The one loop in the main function goes on until it is over for
// every computation, so that its body has to leave alone the state of those for which it is over.
func New(b compute.Backend, n int, differs func(parameter string) bool) compute.Backend {
	return &backend{b, n, differs}
}

type backend struct {
	compute.Backend
	n       int
	differs func(string) bool
}

// Builder implements compute.Backend.
func (b *backend) Builder(name string) compute.Builder {
	return &builder{Builder: b.Backend.Builder(name), backend: b}
}

type builder struct {
	compute.Builder
	backend *backend
	main    *function
}

// Main implements compute.Builder.
func (b *builder) Main() compute.Function {
	if b.main == nil {
		b.main = b.function(b.Builder.Main(), nil)
	}
	return b.main
}

// NewFunction implements compute.Builder.
func (b *builder) NewFunction(string) (compute.Function, error) {
	return nil, refuse("a function that is called")
}

// OpShape implements compute.Builder: it is the shape in a single computation.
func (b *builder) OpShape(x compute.Value) (shapes.Shape, error) {
	v := x.(value)
	shape, err := b.Builder.OpShape(v.in)
	if err == nil && v.differs {
		shape = shapes.Make(shape.DType, shape.Dimensions[1:]...)
	}
	return shape, err
}

func refuse(what any) error {
	return fmt.Errorf("%v cannot be done for several computations at once: %w", what, compute.ErrNotImplemented)
}

// A value is one of the backend's own. If it differs between the computations, these are its first axis.
type value struct {
	in      compute.Value
	differs bool
}

// function writes each operation for n computations into a function of the backend's own.
type function struct {
	notimplemented.Function // refuses what has no rule
	in                      compute.Function
	builder                 *builder
	parent                  *function
	params, outputs         []value
}

func (b *builder) function(in compute.Function, parent *function) *function {
	return &function{builder: b, in: in, parent: parent,
		Function: notimplemented.Function{ErrFn: func(op compute.OpType) error { return refuse(op) }}}
}

// Name implements compute.Function.
func (f *function) Name() string { return f.in.Name() }

// Builder implements compute.Function.
func (f *function) Builder() compute.Builder { return f.builder }

// Parent implements compute.Function.
func (f *function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Shape implements compute.Function.
func (f *function) Shape(x compute.Value) (shapes.Shape, error) { return f.builder.OpShape(x) }

// Closure implements compute.Function.
func (f *function) Closure() (compute.Function, error) {
	in, err := f.in.Closure()
	if err != nil {
		return nil, err
	}
	return f.builder.function(in, f), nil
}

// Parameter implements compute.Function.
func (f *function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	differs := f.builder.backend.differs(name)
	if differs {
		shape = f.all(shape)
	}
	in, err := f.in.Parameter(name, shape, sharding)
	f.params = append(f.params, value{in, differs})
	return value{in, differs}, err
}

// Constant implements compute.Function.
func (f *function) Constant(flat any, dims ...int) (compute.Value, error) {
	in, err := f.in.Constant(flat, dims...)
	return value{in: in}, err
}

// Return implements compute.Function. A closure's is put off until it is known what it is for.
func (f *function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	f.outputs = values(outputs)
	if f.parent != nil {
		return nil
	}
	return f.in.Return(inner(f.outputs), shardings)
}

// While implements compute.Function.
func (f *function) While(cond, body compute.Function, state ...compute.Value) ([]compute.Value, error) {
	c, b := cond.(*function), body.(*function)
	if f.parent != nil {
		return nil, refuse("a loop within another")
	}
	initial := values(state)
	for i, p := range b.params {
		if c.params[i].differs != p.differs {
			return nil, fmt.Errorf("vmap: parameter %d of the loop differs in one of its two functions", i)
		}
		if !p.differs && (initial[i].differs || b.outputs[i].differs) {
			return nil, fmt.Errorf("vmap: value %d of the loop's state becomes different: name its parameter so", i)
		}
		if !p.differs {
			continue
		}
		var err error
		if initial[i], err = f.spread(initial[i]); err != nil {
			return nil, err
		}
		if b.outputs[i], err = b.spread(b.outputs[i]); err != nil {
			return nil, err
		}
	}
	goesOn := c.outputs[0]
	if goesOn.differs {
		anyone, err := c.in.ReduceLogicalOr(goesOn.in, 0)
		if err != nil {
			return nil, err
		}
		goesOn = value{in: anyone}
	}
	if err := c.in.Return([]compute.Value{goesOn.in}, nil); err != nil {
		return nil, err
	}
	if err := b.in.Return(inner(b.outputs), nil); err != nil {
		return nil, err
	}
	results, err := f.in.While(c.in, b.in, inner(initial)...)
	for i := range results {
		results[i] = value{results[i], b.params[i].differs}
	}
	return results, err
}

func values(xs []compute.Value) []value {
	vs := make([]value, len(xs))
	for i, x := range xs {
		vs[i] = x.(value)
	}
	return vs
}

func inner(vs []value) []compute.Value {
	xs := make([]compute.Value, len(vs))
	for i, v := range vs {
		xs[i] = v.in
	}
	return xs
}

// all is the shape of n values of the given shape.
func (f *function) all(shape shapes.Shape) shapes.Shape {
	return shapes.Make(shape.DType, f.first(f.builder.backend.n, shape.Dimensions)...)
}

// first puts the entry of the new axis before those of the others.
func (f *function) first(entry int, others []int) []int { return slices.Concat([]int{entry}, others) }

// after are the axes that follow the new one.
func after(axes []int) []int {
	moved := make([]int, len(axes))
	for i, axis := range axes {
		moved[i] = axis + 1
	}
	return moved
}

// axes are the n axes from the given one on.
func axes(from, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = from + i
	}
	return all
}

// spread gives every computation a copy of what they share.
func (f *function) spread(v value) (value, error) {
	if v.differs {
		return v, nil
	}
	shape, err := f.Shape(v)
	if err != nil {
		return v, err
	}
	in, err := f.in.BroadcastInDim(v.in, f.all(shape), axes(1, shape.Rank()))
	return value{in, true}, err
}
