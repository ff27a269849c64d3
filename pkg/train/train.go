// Package train turns a training run into one program: the step
//
//	θ_{t+1} = optimizer(θ_t, ∇L(θ_t), η)
//
// is built as GoMLX builds it, by any GoMLX optimizer on any loss, and put into a loop inside the graph, so that a
// run costs microseconds a step. Learning rate, number of steps, stride and starting values are inputs of the
// program: it is compiled once, and a new value never compiles again. On GoMLX's Go backend, which cannot run the
// loop, the compiled step is repeated from the host, with the same records and the same rules for stopping.
package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"descent.example/pkg/problem"
)

// Record says what a run records beside the loss, which it always records. It decides the program's structure; how
// often something is recorded is Config.Stride.
type Record struct {
	Params   bool // the parameters θ
	GradNorm bool // the Euclidean norm ‖∇L(θ)‖ over all parameters
}

// Config sets a run. None of its values makes the trainer compile again.
type Config struct {
	LearningRate float64 // η > 0
	Steps        int     // number of steps, at least 1
	// Stride: a record every so many steps; 0 means every step. Memory is proportional to Steps/Stride.
	Stride int
	// Start gives parameters their starting values by name ("theta", "hidden/dense/weights"): a number, nested slices or a
	// tensor, of the parameter's shape. The others start where their initializer puts them, drawn from Seed.
	Start map[string]any
	// Seed of the starting values. They are drawn by GoMLX's Go backend, so that a seed means the same start whatever
	// computes the run.
	Seed int64
	// MaxLoss: a loss of greater magnitude counts as divergence and ends the run; 0 means the largest finite number.
	// A run just beyond the threshold of stability grows slowly: a multiple of the loss at the start finds out sooner.
	MaxLoss float64
	// Progress, if not nil, is called now and then with the number of steps done.
	Progress func(step int)
}

// Trainer runs a problem with an optimizer. It may be used by several goroutines at once.
type Trainer struct {
	backend   compute.Backend
	problem   problem.Problem
	optimizer optimizer.Interface
	record    Record

	data      []*tensors.Tensor // own copies, kept on the device
	store     *model.Store      // names, shapes and initializers of the variables; their values live in the runs
	vars      []*model.Variable // every variable of a step: parameters, learning rate, moments, counters
	params    []int             // the trainable ones of vars, sorted by name
	rate      int               // the learning rate's place in vars
	lossDType dtypes.DType

	mu      sync.Mutex // guards what follows, and the store
	drawn   []*model.Variable
	seed    int64
	start   []*tensors.Tensor // starting values of vars for seed
	program program

	callTime   time.Duration // what a call of the program should take: between two calls a run can be cancelled
	blockSteps atomic.Int64  // steps that fit into it
}

// New checks the data and builds one step of the training, so that a mistake in the model shows here; the program is
// compiled by the first Run. The data are copied to the device once. Data that are empty, hold a NaN or an infinity,
// or do not share their leading axis, a loss that is not a float scalar or has no trainable variables, and an
// optimizer without GoMLX's learning-rate variable are errors.
func New(backend compute.Backend, p problem.Problem, opt optimizer.Interface, record Record) (*Trainer, error) {
	if backend == nil || p == nil || opt == nil {
		return nil, errors.New("train.New needs a backend, a problem and an optimizer; one of them is nil")
	}
	t := &Trainer{backend: backend, problem: p, optimizer: opt, record: record, store: model.NewStore(), callTime: 50 * time.Millisecond}
	t.blockSteps.Store(1)
	if err := t.copyData(p.Data()); err != nil {
		return nil, err
	}
	if err := t.makeVariables(); err != nil {
		return nil, fmt.Errorf("building a training step: %w", err)
	}
	return t, nil
}

// Run trains from the starting values and returns what it recorded. Runs are independent of each other: each starts
// with fresh moments and counters. A run that diverges is no error, see History.Diverged. If ctx ends, Run returns
// within a fraction of a second (a first run's compilation and a single long step are not interrupted) with the
// history so far and ctx's error.
func (t *Trainer) Run(ctx context.Context, c Config) (*History, error) {
	if c.Stride == 0 {
		c.Stride = 1
	}
	if c.MaxLoss == 0 {
		c.MaxLoss = math.MaxFloat64
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the run was cancelled before its first step: %w", err)
	}
	p, state, err := t.prepare(c)
	if err != nil {
		return nil, err
	}
	h := t.newHistory()
	own := false // the first state is shared with other runs
	for step := 0; ; {
		b := block{from: step, last: c.Steps, stride: c.Stride, maxLoss: c.MaxLoss}
		b.to = min(c.Steps+1, step+int(t.blockSteps.Load()))
		began := time.Now()
		at, finite, next, err := p.run(h, b, state)
		if err != nil {
			return nil, fmt.Errorf("running steps %d to %d: %w", b.from, b.to, err)
		}
		t.adapt(at-b.from, time.Since(began))
		if &next[0] != &state[0] {
			if own {
				release(state)
			}
			own = true
		}
		step, state = at, next
		if !finite {
			h.diverged, h.divergedAt = true, at
		}
		if c.Progress != nil {
			c.Progress(min(step, c.Steps))
		}
		done := step > c.Steps || !finite
		if !done && ctx.Err() == nil {
			continue
		}
		if err := h.finish(t.trained(state)); err != nil {
			return nil, err
		}
		if own {
			release(state)
		}
		if !done {
			return h, fmt.Errorf("the run was cancelled after %d of %d steps: %w", step, c.Steps, ctx.Err())
		}
		return h, nil
	}
}

// Parameters lists the names and shapes of the problem's parameters, in the order in which a History flattens them.
func (t *Trainer) Parameters() []Parameter {
	ps := make([]Parameter, len(t.params))
	for i, k := range t.params {
		ps[i] = Parameter{Name: name(t.vars[k]), Shape: slices.Clone(t.vars[k].Shape().Dimensions)}
	}
	return ps
}

// Close frees the program and the data. No run may be under way, and none may follow.
func (t *Trainer) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.program != nil {
		t.program.finalize()
	}
	release(t.data)
	release(t.start)
}

// check returns an error that names the first setting that cannot be.
func (c Config) check() error {
	if !(c.LearningRate > 0) || math.IsInf(c.LearningRate, 0) {
		return fmt.Errorf("LearningRate is %v: it must be a finite number greater than 0", c.LearningRate)
	}
	if c.Steps <= 0 {
		return fmt.Errorf("Steps is %d: it must be at least 1", c.Steps)
	}
	if c.Stride < 0 {
		return fmt.Errorf("Stride is %d: it must be at least 1, or 0 to record every step", c.Stride)
	}
	if !(c.MaxLoss > 0) {
		return fmt.Errorf("MaxLoss is %v: it must be greater than 0, or 0 for the largest finite number", c.MaxLoss)
	}
	return nil
}

// copyData checks the data and copies them to the device.
func (t *Trainer) copyData(data []*tensors.Tensor) error {
	for i, x := range data {
		if x == nil {
			return fmt.Errorf("tensor %d of the problem's Data is nil", i)
		}
		shape := x.Shape()
		if shape.Rank() == 0 || shape.Size() == 0 {
			return fmt.Errorf("the data are empty: tensor %d of the problem's Data has shape %s, without an example", i, shape)
		}
		if n, first := shape.Dimensions[0], data[0].Shape().Dimensions[0]; n != first {
			return fmt.Errorf("tensor %d of the problem's Data has %d examples and tensor 0 has %d: they must have the same number", i, n, first)
		}
		if k := firstNotFinite(x); k >= 0 {
			return fmt.Errorf("tensor %d of the problem's Data is not finite in example %d: replace or remove it", i, k/(shape.Size()/shape.Dimensions[0]))
		}
		clone, err := t.copyToDevice(x)
		if err != nil {
			return fmt.Errorf("copying tensor %d of the problem's Data: %w", i, err)
		}
		t.data = append(t.data, clone)
	}
	return nil
}

// copyToDevice returns a copy, as a tensor belongs to the one backend that it was first used with. It is on the device
// already, as GoMLX moves it there at its first use, and two runs may then not use it at once.
func (t *Trainer) copyToDevice(x *tensors.Tensor) (*tensors.Tensor, error) {
	clone, err := x.LocalClone()
	if err != nil {
		return nil, err
	}
	return clone, clone.MaterializeOnDevice(t.backend, true, 0)
}

// makeVariables builds one step in a graph that is then dropped: it makes every variable exist, the problem's and
// the optimizer's.
func (t *Trainer) makeVariables() error {
	g := graph.NewGraph(t.backend, "step")
	defer g.Finalize()
	model.SetStore(g, t.store)
	err := catch(func() {
		batch := make([]*graph.Node, len(t.data))
		for i, x := range t.data {
			batch[i] = graph.Parameter(g, fmt.Sprintf("data%d", i), x.Shape())
		}
		loss, _ := t.step(g, batch)
		t.lossDType = loss.DType()
		for v := range t.store.IterVariables() {
			if !v.HasValue() {
				t.drawn = append(t.drawn, v)
			}
			if v.InUseByGraph(g) {
				t.vars = append(t.vars, v)
			}
		}
	})
	if err != nil {
		return err
	}
	t.rate = slices.IndexFunc(t.vars, func(v *model.Variable) bool {
		return v.Path() == model.JoinPath("/", optimizer.Scope, optimizer.ParamLearningRate)
	})
	if t.rate < 0 {
		return fmt.Errorf("the optimizer has no variable %s/%s, so that its learning rate cannot be set: use optimizer.LearningRateVar in it",
			optimizer.Scope, optimizer.ParamLearningRate)
	}
	for i, v := range t.vars {
		if !v.Trainable {
			continue
		}
		if d := v.DType(); d != dtypes.Float32 && d != dtypes.Float64 {
			return fmt.Errorf("parameter %q has type %s: only float32 and float64 are trained", name(v), d)
		}
		t.params = append(t.params, i)
	}
	slices.SortFunc(t.params, func(i, j int) int { return strings.Compare(t.vars[i].Path(), t.vars[j].Path()) })
	return nil
}

// trained picks the parameters from the values of all variables.
func (t *Trainer) trained(state []*tensors.Tensor) []*tensors.Tensor {
	values := make([]*tensors.Tensor, len(t.params))
	for i, k := range t.params {
		values[i] = state[k]
	}
	return values
}

// prepare returns the program, compiled if it is the first time, and the variables' values at the start of a run.
func (t *Trainer) prepare(c Config) (program, []*tensors.Tensor, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.start == nil || t.seed != c.Seed {
		start, err := t.draw(c.Seed)
		if err != nil {
			return nil, nil, fmt.Errorf("drawing starting values: %w", err)
		}
		t.start, t.seed = start, c.Seed
	}
	state := slices.Clone(t.start)
	var err error
	if state[t.rate], err = newValue("LearningRate", c.LearningRate, t.vars[t.rate].Shape()); err != nil {
		return nil, nil, err
	}
	if floats(state[t.rate], 1)[0] == 0 {
		return nil, nil, fmt.Errorf("LearningRate is %v, which is 0 in %s: give a greater one", c.LearningRate, t.vars[t.rate].DType())
	}
	for key, value := range c.Start {
		place, err := find(t.Parameters(), key)
		if err != nil {
			return nil, nil, fmt.Errorf("Start: %w", err)
		}
		i := t.params[place]
		if state[i], err = newValue(fmt.Sprintf("Start[%q]", key), value, t.vars[i].Shape()); err != nil {
			return nil, nil, err
		}
	}
	if t.program == nil {
		if t.program, err = t.compile(); err != nil {
			return nil, nil, err
		}
	}
	return t.program, state, nil
}

// goBackend draws the starting values: compiling an initializer costs nothing there, and the values do not depend on
// the backend that trains.
var goBackend = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go") })

// draw runs the variables' initializers with the seed.
func (t *Trainer) draw(seed int64) ([]*tensors.Tensor, error) {
	backend, err := goBackend()
	if err != nil {
		return nil, err
	}
	if err := t.store.SetRNGStateFromSeed(seed); err != nil {
		return nil, err
	}
	for _, v := range t.drawn {
		if err := v.Reset(); err != nil {
			return nil, err
		}
	}
	if err := t.store.InitializeVariables(backend, nil); err != nil {
		return nil, err
	}
	values := make([]*tensors.Tensor, len(t.vars))
	for i, v := range t.vars {
		value, err := v.Value()
		if err != nil {
			return nil, err
		}
		if values[i], err = t.copyToDevice(value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// adapt sets how many steps the next call does, from what the last one took.
func (t *Trainer) adapt(steps int, took time.Duration) {
	fit := int64(float64(steps) * float64(t.callTime) / float64(max(took, 1)))
	t.blockSteps.Store(max(1, min(fit, 16*t.blockSteps.Load())))
}

// name is how users call a variable: its path without the leading slash.
func name(v *model.Variable) string { return strings.TrimPrefix(v.Path(), "/") }

// newValue makes a tensor of the shape from what a user gave for the argument of that name.
func newValue(argument string, value any, shape shapes.Shape) (*tensors.Tensor, error) {
	var x *tensors.Tensor
	err := catch(func() { x = tensors.MustFromAnyValue(value) })
	if err != nil {
		return nil, fmt.Errorf("%s cannot be a %T: give a number, nested slices of numbers or a tensor", argument, value)
	}
	if !slices.Equal(x.Shape().Dimensions, shape.Dimensions) {
		return nil, fmt.Errorf("%s has shape %v where %v is needed", argument, x.Shape().Dimensions, shape.Dimensions)
	}
	flat := floats(x, x.Size())
	if flat == nil {
		return nil, fmt.Errorf("%s cannot be of type %s: give numbers", argument, x.DType())
	}
	y := tensors.FromShape(shape)
	y.MustMutableFlatData(func(to any) {
		switch to := to.(type) {
		case []float32:
			for i, f := range flat {
				to[i] = float32(f)
			}
		case []float64:
			copy(to, flat)
		}
	})
	if firstNotFinite(y) >= 0 {
		return nil, fmt.Errorf("%s is not finite in %s", argument, shape.DType)
	}
	return y, nil
}

// firstNotFinite returns the index of the first NaN or infinity of x's flat values, or −1.
func firstNotFinite(x *tensors.Tensor) int {
	return slices.IndexFunc(floats(x, x.Size()), func(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) })
}

// floats returns the first n of x's flat values; nil if x does not hold numbers that float64 can.
func floats(x *tensors.Tensor, n int) (flat []float64) {
	x.MustConstFlatData(func(data any) {
		switch data := data.(type) {
		case []float64:
			flat = slices.Clone(data[:n])
		case []float32:
			flat = widen(data[:n])
		case []int32:
			flat = widen(data[:n])
		case []int64:
			flat = widen(data[:n])
		}
	})
	return flat
}

func widen[T float32 | int32 | int64](data []T) []float64 {
	flat := make([]float64, len(data))
	for i, f := range data {
		flat[i] = float64(f)
	}
	return flat
}

// release frees tensors at once instead of when the garbage collector comes by. A buffer that cannot be freed is
// left to it.
func release(ts []*tensors.Tensor) {
	for _, x := range ts {
		_ = x.FinalizeAll()
	}
}

// catch runs fn and returns its panic as an error: GoMLX reports mistakes in a graph by panicking.
func catch(fn func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			err = p
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	fn()
	return nil
}
