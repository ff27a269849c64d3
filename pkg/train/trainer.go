// Package train turns a training run into one program: the step
//
//	θ_{t+1} = optimizer(θ_t, ∇L(θ_t), η)
//
// is built as GoMLX builds it, by any GoMLX optimizer on any loss. A loop inside the graph repeats it, and also draws the batch
// and follows the learning rate's schedule, so a step costs microseconds. Rates, the optimizer's constants, seed, number of
// steps, stride and starting values are inputs of the program: it is compiled once, and a new value never compiles again.
package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"descent.example/internal/missing"
	"descent.example/internal/plural"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/sample"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Trainer runs a problem with an optimizer. It may be used by several goroutines at once.
type Trainer struct {
	backend   compute.Backend
	problem   problem.Problem
	optimizer optimizer.Interface
	record    Record

	data          []*tensors.Tensor // own copies, kept on the device
	n             int               // the number of examples
	store         *model.Store      // names, shapes and initializers of the variables; their values live in the runs
	vars          []*model.Variable // every variable of a step: parameters, learning rate, moments, counters
	params        []int             // the trainable ones of vars, sorted by name
	also          []int             // those of Record.Variables
	rate          int               // the learning rate's place in vars
	lossDType     dtypes.DType
	uninitialized []*model.Variable // those whose starting values are drawn, in the store's order
	*compiled
	guest  bool     // of another trainer's programs, by On
	twin   *Trainer // a guest's own
	closed bool

	callTime time.Duration // what a call of the program should take: between two calls a run can be cancelled
}

// compiled is what a trainer has in common with those on other data.
type compiled struct {
	open      sync.RWMutex // held for reading by what uses the programs and the data, and by Close for writing
	closed    bool         // all of it, and not only a guest's data
	mu        sync.Mutex   // guards what follows and the store, and who writes to programs and start; locked by lock
	holder    atomic.Int64 // the goroutine that holds mu, or 0
	draws     *model.Exec  // draws the starting values; nil before the first
	evaluator *evaluator
	programs  sync.Map // of program, by the setup's key
	start     atomic.Pointer[starting]

	place  sync.Mutex // guards the twins, and what was measured
	twin   *Trainer   // on a GPU; nil before it is needed
	speeds map[string]speed
	stays  atomic.Bool

	batchesMu sync.Mutex // guards the batches that given keeps, and the sampler that has them
	batches   *tensors.Tensor
	batchesOf sample.Sampler
}

// New checks the data and builds one step of the training, so that a mistake in the model shows here; the program is
// compiled by the first Run. The data are copied to the device once. Data that are empty, hold a NaN or an infinity,
// or do not share their leading axis, a loss that is not a float scalar or has no trainable variables, and an
// optimizer without GoMLX's learning-rate variable are errors.
func New(backend compute.Backend, p problem.Problem, opt optimizer.Interface, record Record) (*Trainer, error) {
	if missing.Any(backend, p, opt) {
		return nil, errors.New("train.New needs a backend, a problem and an optimizer; one of them is nil: look at the error of what made it")
	}
	t := &Trainer{
		backend: backend, problem: p, optimizer: opt, record: record, store: model.NewStore(),
		compiled: new(compiled), callTime: 50 * time.Millisecond,
	}
	var data []*tensors.Tensor
	if err := catch(func() { data = p.Data() }); err != nil {
		return nil, fmt.Errorf("taking the problem's Data: %w", err)
	}
	if err := t.copyData(data); err != nil {
		return nil, err
	}
	if err := t.makeVariables(); err != nil {
		return nil, fmt.Errorf("building a training step: %w", err)
	}
	for _, wanted := range record.Variables {
		i := slices.IndexFunc(t.vars, func(v *model.Variable) bool { return name(v) == strings.TrimPrefix(wanted, "/") })
		if i < 0 || dtypeOf(t.vars[i]) == dtypes.InvalidDType {
			return nil, fmt.Errorf("Record.Variables: there is no variable %q of floats; there are %s", wanted, strings.Join(t.floatVariables(), ", "))
		}
		if slices.Contains(t.also, i) {
			return nil, fmt.Errorf("Record.Variables has %q twice: give it once", wanted)
		}
		t.also = append(t.also, i)
	}
	return t, nil
}

// On returns a trainer on other data of the same shapes, those of the same problem with another noise for instance, without
// compiling anything again: both use the same programs. Closing t closes both. It is an error when a shape or the number of
// tensors is another, when a value is not finite, or when t is closed.
func (t *Trainer) On(data []*tensors.Tensor) (other *Trainer, err error) {
	err = t.use(func() (err error) {
		other, err = t.on(data)
		return err
	})
	return other, err
}

func (t *Trainer) on(data []*tensors.Tensor) (*Trainer, error) {
	if len(data) != len(t.data) {
		return nil, fmt.Errorf("the data have %s: the trainer's problem has %d", plural.Of(len(data), "tensor"), len(t.data))
	}
	for i, x := range data {
		if x != nil && !x.Shape().Equal(t.data[i].Shape()) {
			return nil, fmt.Errorf("tensor %d of the data has shape %s: the trainer is for %s", i, x.Shape(), t.data[i].Shape())
		}
	}
	other := &Trainer{
		backend: t.backend, problem: t.problem, optimizer: t.optimizer, record: t.record, store: t.store, vars: t.vars, params: t.params,
		also: t.also, rate: t.rate, lossDType: t.lossDType, uninitialized: t.uninitialized, compiled: t.compiled, guest: true, callTime: t.callTime,
	}
	if err := other.copyData(data); err != nil {
		return nil, err
	}
	return other, nil
}

// Run trains from the starting values and returns what it recorded. Runs are independent of each other: each starts
// with fresh moments and counters. A run that diverges is no error, see History.Diverged. If ctx ends, Run returns
// within a fraction of a second (a compilation, a single long step, one record's gradients and a call of a schedule's function are
// not interrupted) with the history so far and ctx's error.
func (t *Trainer) Run(ctx context.Context, c Config) (*History, error) {
	if !t.made() {
		return nil, errNotMade
	}
	c, err := t.settle(c)
	if err == nil && ctx != nil {
		c, err = t.tabulated(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	if c.Progress == nil {
		set, end := progress.Begin("training", c.Steps)
		defer end()
		c.Progress = set
	}
	if ctx != nil {
		if e, ok := t.faster(ctx, []Config{c}, 1); ok {
			hs, err := e.trainer.run(ctx, []Config{c}, e.lanes, 0)
			if err == nil || ctx.Err() != nil && hs != nil {
				return hs[0], err
			}
			goesOn(err)
		}
	}
	hs, err := t.run(ctx, []Config{c}, 0, 0)
	if hs == nil {
		return nil, err
	}
	return hs[0], err
}

// Parameters lists the names and shapes of the problem's parameters, in the order in which a History flattens them.
func (t *Trainer) Parameters() []Parameter {
	if !t.made() {
		panic(errNotMade)
	}
	ps := make([]Parameter, len(t.params))
	for i, k := range t.params {
		ps[i] = Parameter{Name: name(t.vars[k]), Shape: slices.Clone(t.vars[k].Shape().Dimensions)}
	}
	return ps
}

// Close frees the program and the data, of a trainer made by On the data alone. What is under way ends with an error, and
// so does what follows. A Trainer that New did not make has nothing to free.
//
// A problem's Loss and an optimizer cannot use the trainer that they are built for: that is an error, and Close panics.
func (t *Trainer) Close() {
	if !t.made() {
		return
	}
	if t.withinBuild() {
		panic(errWithinBuild)
	}
	defer t.closeTwins() // afterwards, as what measures them runs this one too
	t.open.Lock()
	defer t.open.Unlock()
	if t.closed {
		return
	}
	t.closed = true
	release(t.data)
	if t.guest {
		return
	}
	t.compiled.closed = true
	for _, p := range t.programs.Range {
		p.(*program).finalize()
	}
	if t.evaluator != nil {
		t.evaluator.finalize()
	}
	if s := t.start.Load(); s != nil {
		release(s.host)
		release(s.device)
	}
	if t.draws != nil {
		t.draws.Finalize()
	}
	if t.batches != nil {
		release([]*tensors.Tensor{t.batches})
	}
}

// copyData checks the data and copies them to the device.
func (t *Trainer) copyData(data []*tensors.Tensor) error {
	for i, x := range data {
		if x == nil {
			return fmt.Errorf("tensor %d of the problem's Data is nil", i)
		}
		if err := x.CheckValid(); err != nil {
			return fmt.Errorf("tensor %d of the problem's Data cannot be used: %w", i, err)
		}
		shape := x.Shape()
		if shape.Rank() == 0 || shape.Size() == 0 {
			return fmt.Errorf("the data are empty: tensor %d of the problem's Data has shape %s, without an example", i, shape)
		}
		if n, first := shape.Dimensions[0], data[0].Shape().Dimensions[0]; n != first {
			return fmt.Errorf("tensor %d of the problem's Data has %s and tensor 0 has %d: they must have the same number", i, plural.Of(n, "example"), first)
		}
		if k := firstNotFinite(x); k >= 0 {
			return fmt.Errorf("tensor %d of the problem's Data is not finite in example %d: replace or remove it", i, k/(shape.Size()/shape.Dimensions[0]))
		}
		clone, err := t.copyToDevice(x)
		if err != nil {
			return fmt.Errorf("copying tensor %d of the problem's Data: %w", i, err)
		}
		t.data = append(t.data, clone)
		t.n = shape.Dimensions[0]
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
		loss := t.loss(g, batch)
		t.optimizer.UpdateGraph(t.store.RootScope(), g, loss)
		t.lossDType = loss.DType()
		for v := range t.store.IterVariables() {
			if !v.HasValue() {
				t.uninitialized = append(t.uninitialized, v)
			}
			if v.InUseByGraph(g) {
				t.vars = append(t.vars, v)
			}
		}
	})
	if err != nil {
		return err
	}
	if err := t.checkVariables(); err != nil {
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
		if dtypeOf(v) == dtypes.InvalidDType {
			return fmt.Errorf("parameter %q has type %s: only float32 and float64 are trained", name(v), v.DType())
		}
		t.params = append(t.params, i)
	}
	slices.SortFunc(t.params, func(i, j int) int { return strings.Compare(t.vars[i].Path(), t.vars[j].Path()) })
	return nil
}

// dtypeOf is the variable's type if it is a float, else InvalidDType.
func dtypeOf(v *model.Variable) dtypes.DType {
	if d := v.DType(); d == dtypes.Float32 || d == dtypes.Float64 {
		return d
	}
	return dtypes.InvalidDType
}

// floatVariables lists the names of the variables that can be recorded.
func (t *Trainer) floatVariables() (names []string) {
	for _, v := range t.vars {
		if dtypeOf(v) != dtypes.InvalidDType {
			names = append(names, name(v))
		}
	}
	return names
}

// name is how users call a variable: its path without the leading slash.
func name(v *model.Variable) string { return strings.TrimPrefix(v.Path(), "/") }
