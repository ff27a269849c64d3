package wasm

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// Name is the backend's name in GOMLX_BACKEND.
const Name = "wasm"

func init() {
	compute.Register(Name, func(config string) (compute.Backend, error) {
		if config != "" {
			return nil, fmt.Errorf("the wasm backend has no configuration, such as %q", config)
		}
		return New(), nil
	})
}

// A Backend compiles graphs to WebAssembly and runs them.
type Backend struct {
	notimplemented.Backend

	// LikeGo makes random bits those of GoMLX's Go backend, in place of XLA's.
	LikeGo bool

	// Keep is how many compiled graphs stay: an equal graph, built later, finds the module that an engine has made fast by then.
	Keep int
	kept kept

	finalized  atomic.Bool
	mu         sync.Mutex
	generation time.Duration
}

// New returns a backend.
func New() *Backend { return &Backend{} }

func (b *Backend) Name() string                               { return Name }
func (b *Backend) String() string                             { return Name }
func (b *Backend) Description() string                        { return "WebAssembly, compiled from the graph" }
func (b *Backend) NumDevices() int                            { return 1 }
func (b *Backend) DeviceDescription(compute.DeviceNum) string { return runtime.GOARCH }
func (b *Backend) HasSharedBuffers() bool                     { return true }

// Finalize frees the graphs that the backend keeps. It is an error to compile, to run or to make buffers afterwards.
func (b *Backend) Finalize() {
	b.finalized.Store(true)
	b.kept.close()
}

func (b *Backend) IsFinalized() bool { return b.finalized.Load() }

// usable returns an error if the backend has been finalized.
func (b *Backend) usable() error {
	if b.IsFinalized() {
		return errors.New("the wasm backend has been finalized")
	}
	return nil
}

// Generation is how long this backend has generated code so far, without the time that the engine takes to compile modules.
func (b *Backend) Generation() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.generation
}

func (b *Backend) Capabilities() compute.Capabilities {
	c := compute.Capabilities{Functions: true, Operations: make(map[compute.OpType]bool), DTypes: make(map[dtypes.DType]bool)}
	for _, op := range operations {
		c.Operations[op] = true
	}
	for _, t := range supported {
		c.DTypes[t] = true
	}
	return c
}

// Builder returns a builder for a graph of the given name.
func (b *Backend) Builder(name string) compute.Builder {
	g := &builder{name: name, backend: b, named: make(map[string]*function)}
	g.Builder.ErrFn = missing
	g.main = g.function(compute.MainName, nil)
	return g
}

// A buffer is a tensor in Go's memory; runs copy it into and out of the memory of a module.
type buffer struct {
	b     *Backend
	shape shapes.Shape
	flat  any
}

func (b *Backend) newBuffer(shape shapes.Shape) *buffer {
	flat := dtypes.MakeAnySlice(shape.DType, shape.Size())
	return &buffer{b: b, shape: shapes.Make(shape.DType, shape.Dimensions...), flat: flat}
}

// BufferFromFlatData returns an error if flat is not a slice of the shape's type and size.
func (b *Backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	x, err := b.empty(device, shape)
	if err != nil {
		return nil, err
	}
	if err := sameKind(flat, x.flat); err != nil {
		return nil, err
	}
	copy(bytesOf(x.flat), bytesOf(flat))
	return x, nil
}

// NewSharedBuffer returns an error if the shape has no supported type.
func (b *Backend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	x, err := b.empty(device, shape)
	if err != nil {
		return nil, nil, err
	}
	return x, x.flat, nil
}

// empty returns a buffer of zeros, or an error if the device or the shape is none of this backend's, or if it has been finalized.
func (b *Backend) empty(device compute.DeviceNum, shape shapes.Shape) (*buffer, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if device != 0 {
		return nil, fmt.Errorf("wasm has one device, 0, not %d", device)
	}
	if err := static(shape); err != nil {
		return nil, err
	}
	if err := countable(shape); err != nil {
		return nil, err
	}
	return b.newBuffer(shape), nil
}

func sameKind(got, want any) error {
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		return fmt.Errorf("the elements must be a %T, not a %T", want, got)
	}
	if g, w := reflect.ValueOf(got).Len(), reflect.ValueOf(want).Len(); g != w {
		return fmt.Errorf("%d elements where the shape has %d", g, w)
	}
	return nil
}

// alive returns an error if the buffer has been finalized.
func (x *buffer) alive() error {
	if x.flat == nil {
		return fmt.Errorf("the buffer of shape %s has been finalized", x.shape)
	}
	return nil
}

func (x *buffer) Backend() compute.Backend              { return x.b }
func (x *buffer) DeviceNum() (compute.DeviceNum, error) { return 0, x.alive() }
func (x *buffer) Shape() (shapes.Shape, error)          { return x.shape, x.alive() }
func (x *buffer) Data() (any, error)                    { return x.flat, x.alive() }

// Finalize returns an error if the buffer has been finalized before.
func (x *buffer) Finalize() error {
	err := x.alive()
	x.flat = nil
	return err
}

// ToFlatData returns an error if flat is not a slice of the buffer's type and size.
func (x *buffer) ToFlatData(flat any) error {
	if err := x.alive(); err != nil {
		return err
	}
	if err := sameKind(flat, x.flat); err != nil {
		return err
	}
	copy(bytesOf(flat), bytesOf(x.flat))
	return nil
}

// CopyToDevice returns an error for a device other than 0.
func (x *buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	if err := x.alive(); err != nil {
		return nil, err
	}
	return x.b.BufferFromFlatData(device, x.flat, x.shape)
}

// An instance is a module in an engine, with a memory of its own.
type instance interface {
	write(at int, bytes []byte)
	read(at int, bytes []byte)
	run() error
	close()
}

// A program is a compiled module.
type program interface {
	instantiate() (instance, error)
	close()
}

// An executable runs a compiled graph; runs at the same time have an instance each. It gives the graph back when it is finalized, or when
// the garbage collector finds that nothing refers to it: GoMLX finalizes few executables.
type executable struct {
	*compiled
	names     []string // of the inputs
	finalized atomic.Bool
	dropped   runtime.Cleanup
}

// Compile returns an error if the main function has not returned, if its values need more than 4 GiB, if an axis has 2³¹ elements or more, if
// an operation needs more than 12 loops, or if the backend has been finalized.
func (b *builder) Compile() (compute.Executable, error) {
	if err := b.backend.usable(); err != nil {
		return nil, err
	}
	if !b.main.returned || b.done {
		return nil, fmt.Errorf("the graph %q must return once before it is compiled, once", b.name)
	}
	b.done = true
	c, err := b.compile()
	if err != nil {
		return nil, err
	}
	e := &executable{compiled: c, names: b.main.names}
	e.dropped = runtime.AddCleanup(e, (*compiled).release, c)
	return e, nil
}

func (b *builder) compile() (*compiled, error) {
	keep, key := b.backend.Keep, ""
	if keep > 0 {
		key = written(b.main, b.backend.LikeGo)
		if c := b.backend.kept.find(key); c != nil {
			return c, nil
		}
	}
	began := time.Now()
	code, err := compile(b.main)
	if err != nil {
		return nil, err
	}
	b.backend.mu.Lock()
	b.backend.generation += time.Since(began)
	b.backend.mu.Unlock()
	p, err := newProgram(code)
	if err != nil {
		return nil, fmt.Errorf("the module of the graph %q: %w", b.name, err)
	}
	c := &compiled{main: b.main, program: p, users: 1}
	if keep > 0 {
		b.backend.kept.add(key, c, keep)
	}
	return c, nil
}

func shapesOf(nodes []*node) []shapes.Shape {
	out := make([]shapes.Shape, len(nodes))
	for i, n := range nodes {
		out[i] = n.shape
	}
	return out
}

func (e *executable) Inputs() (names []string, inputs []shapes.Shape) {
	return slices.Clone(e.names), shapesOf(e.main.params)
}

func (e *executable) Outputs() []shapes.Shape { return shapesOf(e.main.outputs) }

// Finalize frees the module and its idle instances, if no other executable has them; instances that run are freed at their end.
func (e *executable) Finalize() {
	if !e.finalized.Swap(true) {
		e.dropped.Stop()
		e.release()
		runtime.KeepAlive(e) // until the cleanup cannot run any more
	}
}

func (e *executable) take() (instance, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.finalized.Load() { // asked under the lock, so that the module is still there below
		return nil, fmt.Errorf("the executable has been finalized")
	}
	if n := len(e.idle); n > 0 {
		i := e.idle[n-1]
		e.idle = e.idle[:n-1]
		return i, nil
	}
	return e.program.instantiate()
}

// give takes an instance back. It stays if the graph has a user, and not mostOfOne idle ones already.
func (c *compiled) give(i instance) {
	c.mu.Lock()
	used := c.users > 0 && len(c.idle) < mostOfOne()
	if used {
		c.idle = append(c.idle, i)
	} else {
		i.close()
	}
	c.mu.Unlock()
	if used {
		rests(c)
	}
}

// Execute returns an error if the inputs do not have the shapes of the parameters, or if the executable or its backend has been finalized.
// Inputs that are given away are only read: they lie in Go's memory, whose collector frees them. Nothing stops a run: a graph with a While
// whose condition never becomes false runs until the program ends.
func (e *executable) Execute(inputs []compute.Buffer, _ []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	defer runtime.KeepAlive(e) // whose module the instance below has
	if err := e.main.b.backend.usable(); err != nil {
		return nil, err
	}
	if len(inputs) != len(e.main.params) || device != 0 {
		return nil, fmt.Errorf("%d inputs on device %d, where the graph has %d on device 0", len(inputs), device, len(e.main.params))
	}
	for i, p := range e.main.params {
		x, ok := inputs[i].(*buffer)
		if !ok {
			return nil, fmt.Errorf("input %d is a %T, of another backend", i, inputs[i])
		}
		if err := x.alive(); err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		if !x.shape.Equal(p.shape) {
			return nil, fmt.Errorf("input %d has the shape %s, not %s", i, x.shape, p.shape)
		}
	}
	i, err := e.take()
	if err != nil {
		return nil, err
	}
	for at, p := range e.main.params {
		i.write(address(p), bytesOf(inputs[at].(*buffer).flat))
	}
	if err := i.run(); err != nil {
		i.close()
		return nil, err
	}
	outputs := make([]compute.Buffer, len(e.main.outputs))
	for at, o := range e.main.outputs {
		x := e.main.b.backend.newBuffer(o.shape)
		i.read(address(o), bytesOf(x.flat))
		outputs[at] = x
	}
	e.give(i)
	return outputs, nil
}
