// Package train turns a training run into one program: the step
//
//	θ_{t+1} = optimizer(θ_t, ∇L(θ_t), η)
//
// is built as GoMLX builds it, by any GoMLX optimizer on any loss, and put into a loop inside the graph together with
// the drawing of the batch and the learning rate's schedule, so that a run costs microseconds a step. Rates, the
// optimizer's constants, seed, number of steps, stride and starting values are inputs of the program: it is compiled
// once, and a new value never compiles again. On GoMLX's Go backend, which cannot run the
// loop, the compiled step is repeated from the host, with the same records and the same rules for stopping.
package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
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

	"descent.example/internal/missing"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
)

// Record says what a run records beside the loss of each step's batch, which it always records. It decides the
// program's structure; how often something is recorded is Config.Stride.
type Record struct {
	Params   bool // the parameters θ
	GradNorm bool // the Euclidean norms of the batch's gradient: over all parameters, and of each
	StepNorm bool // ‖θ_{t+1} − θ_t‖, of the step that follows the record (after the last record: that would follow)
	Rate     bool // η_t
	// FullLoss is L(θ) over all examples; it is what a run on batches tries to lower. It is computed for the recorded
	// steps alone.
	FullLoss bool
	// ExampleGradients are ∇ℓᵢ(θ) of every example: memory is proportional to records × examples × parameters.
	ExampleGradients bool
	// Variables are further variables of the optimizer or the model, by name, as of before the step:
	// "optimizers/average/theta".
	Variables []string
}

// keepsParams tells whether a program returns the parameters: as they are asked for, or as others are computed from
// them.
func (r Record) keepsParams() bool { return r.Params || r.FullLoss || r.ExampleGradients }

// Config sets a run. The trainer compiles once for each structure of Sampler and Schedule (their kind, the batch's
// size), with or without a Plateau; no other value makes it compile again.
type Config struct {
	LearningRate float64 // η > 0, constant. Give it or a Schedule.
	// Schedule is η_t, t counting the steps from 0. Your own function (schedule.Func) is called before the run, once for every step;
	// with one, Steps beyond the same power of two compile again.
	Schedule schedule.Schedule
	// Plateau lowers the rate where the batch's loss stops falling; the zero Plateau does not.
	Plateau schedule.Plateau
	// Sampler draws the batches, from Seed; the zero Sampler takes all examples at every step.
	Sampler sample.Sampler
	Steps   int // number of steps, at least 1
	// Stride: a record every so many steps; 0 means every step. Memory is proportional to Steps/Stride.
	Stride int
	// Start gives parameters their starting values by name ("theta", "hidden/dense/weights"): a number, nested slices or a
	// tensor, of the parameter's shape. The others start where their initializer puts them, drawn from Seed.
	Start map[string]any
	// From, if not nil, continues that run: from its last parameters, moments and step, for so many Steps more. With the
	// same Seed, Sampler and Schedule the two runs are one that was longer.
	From *History
	// Hyper gives hyperparameters of the optimizer their values by name ("momentum", "beta1"); the others are as the
	// optimizer was made.
	Hyper map[string]float64
	// Seed of the starting values and of the batches. Starting values are drawn by GoMLX's Go backend, so that a seed means
	// the same start and the same batches whatever computes the run.
	Seed int64
	// MaxLoss: a loss of greater magnitude counts as divergence and ends the run; 0 means the largest finite number.
	// A run just beyond the threshold of stability grows slowly: a multiple of the loss at the start finds out sooner.
	MaxLoss float64
	// Progress, if not nil, is called now and then with the number of steps done. Without it package progress is told.
	Progress func(step int)
}

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
	mu        sync.Mutex   // guards what follows, and the store; locked by lock
	holder    atomic.Int64 // the goroutine that holds mu, or 0
	seed      int64
	drawn     []*tensors.Tensor // starting values of vars for seed, on the host
	start     []*tensors.Tensor // the same on the device, or nil
	draws     *model.Exec       // draws the starting values; nil before the first
	programs  map[string]program
	evaluator *evaluator

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
		compiled: &compiled{programs: make(map[string]program)}, callTime: 50 * time.Millisecond,
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
// compiling anything again: both use the same programs. Closing t closes both.
func (t *Trainer) On(data []*tensors.Tensor) (other *Trainer, err error) {
	err = t.use(func() (err error) {
		other, err = t.on(data)
		return err
	})
	return other, err
}

func (t *Trainer) on(data []*tensors.Tensor) (*Trainer, error) {
	if len(data) != len(t.data) {
		return nil, fmt.Errorf("there are %d tensors of data: the trainer's problem has %d", len(data), len(t.data))
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
// within a fraction of a second (a compilation, a single long step and one record's gradients are not interrupted) with the
// history so far and ctx's error.
func (t *Trainer) Run(ctx context.Context, c Config) (*History, error) {
	c, err := t.settle(c)
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
			hs, err := e.trainer.run(ctx, []Config{c}, e.lanes)
			if err == nil || ctx.Err() != nil && hs != nil {
				return hs[0], err
			}
			goesOn(err)
		}
	}
	hs, err := t.run(ctx, []Config{c}, 0)
	if hs == nil {
		return nil, err
	}
	return hs[0], err
}

// run does the runs of the settings, settled and of one structure, steps and stride; those of several in one program of so
// many lanes.
func (t *Trainer) run(ctx context.Context, cs []Config, lanes int) ([]*History, error) {
	if ctx == nil {
		return nil, errors.New("ctx is nil: give context.Background()")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the run was cancelled before its first step: %w", err)
	}
	e, err := t.begin(cs, lanes)
	if err != nil {
		return nil, err
	}
	defer e.end()
	for slices.ContainsFunc(e.live, func(h *History) bool { return h != nil }) {
		if err := e.call(ctx); err != nil {
			return nil, err
		}
	}
	if e.stopped {
		return e.histories, fmt.Errorf("the run was cancelled after %d of %d steps: %w", e.step-e.first, cs[0].Steps, ctx.Err())
	}
	return e.histories, nil
}

// An execution is runs on their way through a program.
type execution struct {
	trainer         *Trainer
	configs         []Config
	program         program
	lanes           int
	fixed           []any             // inputs that stay the same during the runs,
	own             []*tensors.Tensor // and those of them that are theirs
	state           values            // at step
	first, last     int
	step            int
	histories, live []*History // live has nil where a run is over
	stopped         bool       // one was over before its time, as the context ended
}

// values are the tensors of a state. Those that are shared with other runs are not freed.
type values struct {
	tensors []*tensors.Tensor
	shared  bool
}

func (v values) release() {
	if !v.shared {
		release(v.tensors)
	}
}

// begin prepares the runs of settings, before their first step.
func (t *Trainer) begin(cs []Config, lanes int) (*execution, error) {
	e := &execution{trainer: t, configs: cs, lanes: lanes, first: cs[0].first(), step: cs[0].first(), last: cs[0].first() + cs[0].Steps}
	var us []setup
	err := t.use(func() (err error) {
		e.program, us, e.state.tensors, err = t.prepare(cs, lanes)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.state.shared = true
	e.fixed, e.own = t.fixed(us, cs)
	for _, c := range cs {
		e.histories = append(e.histories, t.newHistory(c))
	}
	e.live = slices.Clone(e.histories)
	return e, nil
}

func (e *execution) end() {
	e.state.release()
	release(e.own)
}

// call calls the program once, for as many steps as fit into a call's time, and ends the runs that are over.
func (e *execution) call(ctx context.Context) error {
	began, t := time.Now(), e.trainer
	size := max(e.program.pace().Load(), 1)
	b := block{from: e.step, to: min(e.last+1, e.step+int(size)), first: e.first, last: e.last, stride: e.configs[0].Stride}
	var at []int
	var finite []bool
	err := t.use(func() error {
		var next []*tensors.Tensor
		var err error
		if at, finite, next, err = e.program.run(e.live, b, e.fixed, e.state.tensors); err == nil && next != nil {
			e.state.release()
			e.state = values{tensors: next}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("running steps %d to %d: %w", b.from, b.to, plainly(err))
	}
	e.step = slices.Max(at)
	cancelled := e.step <= e.last && ctx.Err() != nil
	for i, h := range e.live {
		if h == nil {
			continue
		}
		whole, err := t.derive(ctx, h)
		if err != nil {
			return err
		}
		cancelled = cancelled || !whole
		if !finite[i] {
			h.diverged, h.divergedAt = true, at[i]
		}
		done := min(at[i], e.last)
		if tell := e.configs[i].Progress; tell != nil {
			if err := catch(func() { tell(done - e.first) }); err != nil {
				return fmt.Errorf("telling Progress of step %d: %w", done, err)
			}
		}
		if finite[i] && e.step <= e.last && !cancelled {
			continue
		}
		e.stopped = e.stopped || finite[i] && cancelled || !whole
		if err := t.use(func() error { return e.finish(i, done) }); err != nil {
			return err
		}
	}
	e.program.pace().Store(t.fit(size, e.step-b.from, time.Since(began)))
	return nil
}

// finish gives run i its final values, after so many steps.
func (e *execution) finish(i, steps int) error {
	end := e.state.tensors
	if e.lanes > 0 {
		if err := catch(func() { end = lane(end, i, 0) }); err != nil {
			return fmt.Errorf("reading the final parameters: %w", err)
		}
	}
	e.live[i] = nil
	return e.histories[i].finish(e.trainer, end, steps)
}

// Parameters lists the names and shapes of the problem's parameters, in the order in which a History flattens them.
func (t *Trainer) Parameters() []Parameter {
	ps := make([]Parameter, len(t.params))
	for i, k := range t.params {
		ps[i] = Parameter{Name: name(t.vars[k]), Shape: slices.Clone(t.vars[k].Shape().Dimensions)}
	}
	return ps
}

// Close frees the program and the data, of a trainer made by On the data alone. What is under way ends with an error, and
// so does what follows.
//
// A problem's Loss and an optimizer cannot use the trainer that they are built for: that is an error, and Close panics.
func (t *Trainer) Close() {
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
	for _, p := range t.programs {
		p.finalize()
	}
	if t.evaluator != nil {
		t.evaluator.finalize()
	}
	release(t.start)
	release(t.drawn)
	if t.draws != nil {
		t.draws.Finalize()
	}
	if t.batches != nil {
		release([]*tensors.Tensor{t.batches})
	}
}

// first is the step at which the run begins.
func (c Config) first() int {
	if c.From != nil {
		return c.From.step
	}
	return 0
}

// settle fills in the defaults, and returns an error that names the first setting that cannot be.
func (t *Trainer) settle(c Config) (Config, error) {
	if c.Stride == 0 {
		c.Stride = 1
	}
	if c.MaxLoss == 0 {
		c.MaxLoss = math.MaxFloat64
	}
	if err := t.check(c); err != nil {
		return c, err
	}
	c.Stride = min(c.Stride, c.first()+c.Steps+1) // no multiple of a greater one is in the run either
	if err := t.checkSize(c); err != nil {
		return c, err
	}
	var err error
	if c.Schedule.Structure() == "" {
		c.Schedule, err = schedule.Constant(c.LearningRate)
		return c, err
	}
	if c.Schedule, err = c.Schedule.Tabulate(c.first(), c.first()+c.Steps); err != nil {
		return c, fmt.Errorf("Schedule: %w", err)
	}
	return c, nil
}

func (t *Trainer) check(c Config) error {
	switch scheduled := c.Schedule.Structure() != ""; {
	case scheduled && c.LearningRate != 0:
		return fmt.Errorf("LearningRate is %v and there is a Schedule: give one of them", c.LearningRate)
	case !scheduled && (!(c.LearningRate > 0) || math.IsInf(c.LearningRate, 0)):
		return fmt.Errorf("LearningRate is %v: it must be a finite number greater than 0", c.LearningRate)
	case !scheduled && t.vars[t.rate].DType() == dtypes.Float32 && float32(c.LearningRate) == 0:
		return fmt.Errorf("LearningRate is %v, which is 0 in %s: give a greater one", c.LearningRate, dtypes.Float32)
	case !scheduled && t.vars[t.rate].DType() == dtypes.Float32 && c.LearningRate > math.MaxFloat32:
		return fmt.Errorf("LearningRate is %v, which is infinite in %s: give a smaller one", c.LearningRate, dtypes.Float32)
	}
	if c.Steps <= 0 {
		return fmt.Errorf("Steps is %d: it must be at least 1", c.Steps)
	}
	if c.Steps > maxSteps-c.first() {
		return fmt.Errorf("Steps is %d: it must be at most %d", c.Steps, maxSteps-c.first())
	}
	if c.Stride < 0 {
		return fmt.Errorf("Stride is %d: it must be at least 1, or 0 to record every step", c.Stride)
	}
	if !(c.MaxLoss > 0) {
		return fmt.Errorf("MaxLoss is %v: it must be greater than 0, or 0 for the largest finite number", c.MaxLoss)
	}
	if c.From != nil && c.From.diverged {
		return fmt.Errorf("From is a run that diverged at step %d: it cannot be continued; start again with a smaller rate", c.From.divergedAt)
	}
	if c.From != nil && len(c.Start) > 0 {
		return errors.New("Start and From are both given: a run that continues another starts where that one ended")
	}
	if c.Sampler.IsFull() {
		return nil
	}
	if t.n == 0 {
		return fmt.Errorf("Sampler is %s, but the problem has no examples to sample from: leave it out", c.Sampler)
	}
	if err := c.Sampler.Check(t.n); err != nil {
		return fmt.Errorf("Sampler: %w", err)
	}
	if steps, limited := c.Sampler.MaxSteps(t.n); limited && c.first()+c.Steps > steps {
		return fmt.Errorf("Steps is %d: the stream has %d steps, as it shows each of its %d examples once", c.first()+c.Steps, steps, t.n)
	}
	return nil
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

// setupOf is the structure of a settled run's program.
func setupOf(c Config, lanes int) setup {
	return setup{sampler: c.Sampler, schedule: c.Schedule, plateau: c.Plateau, lanes: lanes}
}

// prepare returns the program, compiled if it is the first of its structure, and the state at the start of the runs.
func (t *Trainer) prepare(cs []Config, lanes int) (program, []setup, []*tensors.Tensor, error) {
	defer t.lock()()
	us, states := make([]setup, len(cs)), make([][]*tensors.Tensor, len(cs))
	for i, c := range cs {
		us[i] = setupOf(c, lanes)
		var err error
		if states[i], err = t.startValues(c.Seed, lanes == 0); err != nil {
			return nil, nil, nil, fmt.Errorf("drawing starting values: %w", err)
		}
	}
	err := each(len(cs), func(i int) (err error) {
		states[i], err = t.startOf(cs[i], us[i], states[i])
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	u, state := us[0], joined(states, lanes)
	p, ok := t.programs[u.key()]
	if !ok {
		var err error
		if p, err = t.compile(u); err != nil {
			return nil, nil, nil, err
		}
		t.programs[u.key()] = p
	}
	return p, us, state, nil
}

// each calls do for the numbers below n, on all processors if there are several, and returns an error of the first that has one.
func each(n int, do func(i int) error) error {
	if n == 1 {
		return do(0)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if caught := catch(func() { errs[i] = do(i) }); caught != nil {
					errs[i] = caught
				}
			}
		})
	}
	group.Wait()
	return cmp.Or(errs...)
}

// startOf makes the state at the start of a run of the starting values of its seed.
func (t *Trainer) startOf(c Config, u setup, state []*tensors.Tensor) ([]*tensors.Tensor, error) {
	if u.reduces() {
		state = append(state, tensors.FromValue(u.plateau.Start()))
	}
	if c.From != nil {
		if err := t.resume(state, c.From, u.lanes == 0); err != nil {
			return nil, err
		}
	}
	set := func(i int, argument string, value any) (err error) {
		state[i], err = newValue(argument, value, t.vars[i].Shape())
		return err
	}
	for key, value := range c.Start {
		place, err := find(t.Parameters(), key)
		if err != nil {
			return nil, fmt.Errorf("Start: %w", err)
		}
		if other, twice := c.Start["/"+key]; twice {
			return nil, fmt.Errorf("Start has both %q, %v, and %q, %v, which are one parameter: give it once", key, value, "/"+key, other)
		}
		if err := set(t.params[place], fmt.Sprintf("Start[%q]", key), value); err != nil {
			return nil, err
		}
	}
	for key, value := range c.Hyper {
		i, err := t.hyper(key)
		if err != nil {
			return nil, err
		}
		if err := set(i, fmt.Sprintf("Hyper[%q]", key), value); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// hyper is the place of the optimizer's hyperparameter of that name: a scalar of its own, not trained, that is not the
// learning rate or a counter.
func (t *Trainer) hyper(key string) (int, error) {
	var names []string
	for i, v := range t.vars {
		of, found := strings.CutPrefix(name(v), optimizer.Scope+"/")
		if !found || v.Trainable || i == t.rate || !v.Shape().IsScalar() || dtypeOf(v) == dtypes.InvalidDType || strings.Contains(of, "/") {
			continue
		}
		if of == key {
			return i, nil
		}
		names = append(names, of)
	}
	if names == nil {
		return 0, fmt.Errorf("Hyper[%q]: the optimizer has no hyperparameter beside its learning rate", key)
	}
	return 0, fmt.Errorf("Hyper[%q]: the optimizer has no such hyperparameter; it has %s", key, strings.Join(names, ", "))
}

// resume replaces the starting values by those at the end of a run, copied to the device or not.
func (t *Trainer) resume(state []*tensors.Tensor, h *History, onDevice bool) error {
	if len(h.state) != len(state) || !slices.EqualFunc(h.names, t.vars, func(n string, v *model.Variable) bool { return n == name(v) }) {
		return errors.New("From is a run of another model or optimizer: its variables are not this trainer's")
	}
	for i, x := range h.state {
		if !x.Shape().Equal(state[i].Shape()) {
			return fmt.Errorf("From is a run of another model: %s has shape %s there and %s here", h.names[min(i, len(h.names)-1)], x.Shape(), state[i].Shape())
		}
		if state[i] = x; !onDevice {
			continue
		}
		var err error
		if state[i], err = t.copyToDevice(x); err != nil {
			return fmt.Errorf("continuing a run: %w", err)
		}
	}
	return nil
}

// goBackend draws the starting values: compiling an initializer costs nothing there, and the values do not depend on
// the backend that trains. One operation after the other is faster for few numbers than handing them to threads.
var goBackend = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go:ops_sequential") })

// startValues returns the starting values of a seed, on the device or on the host; those of the last seed are kept. The
// slice is the caller's, the tensors are not.
func (t *Trainer) startValues(seed int64, onDevice bool) ([]*tensors.Tensor, error) {
	if t.drawn == nil || t.seed != seed {
		drawn, err := t.draw(seed)
		if err != nil {
			return nil, err
		}
		t.drawn, t.start, t.seed = drawn, nil, seed // a run may still use the last ones: the garbage collector frees them
	}
	if !onDevice {
		return slices.Clone(t.drawn), nil
	}
	if t.start == nil {
		start := make([]*tensors.Tensor, len(t.drawn))
		for i, x := range t.drawn {
			var err error
			if start[i], err = t.copyToDevice(x); err != nil {
				return nil, err
			}
		}
		t.start = start
	}
	return slices.Clone(t.start), nil
}

// draw runs the variables' initializers with the seed. GoMLX's InitializeVariables would compile them each time, which takes
// longer than a short run of a sweep: it lets its executor be configured, and so this is kept and called again.
func (t *Trainer) draw(seed int64) ([]*tensors.Tensor, error) {
	if t.draws == nil {
		backend, err := goBackend()
		if err != nil {
			return nil, err
		}
		for _, v := range t.uninitialized {
			if err := v.Reset(); err != nil {
				return nil, err
			}
		}
		var draws *model.Exec
		err = t.store.InitializeVariables(backend, func(e *model.Exec) error { draws = e; return nil })
		if err != nil {
			return nil, err
		}
		t.draws = draws
	}
	if err := t.store.SetRNGStateFromSeed(seed); err != nil {
		return nil, err
	}
	var drawn []*tensors.Tensor
	if t.draws != nil { // else every variable was given its value
		var err error
		if drawn, err = t.draws.Call(); err != nil {
			return nil, err
		}
	}
	values := make([]*tensors.Tensor, len(t.vars))
	for i, v := range t.vars {
		value, err := v.Value()
		if k := slices.Index(t.uninitialized, v); k >= 0 {
			value, err = drawn[k], nil
		}
		if err != nil {
			return nil, err
		}
		if values[i], err = value.LocalClone(); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// fit is how many steps the next call does, from what the last one took, which was to do size.
func (t *Trainer) fit(size int64, steps int, took time.Duration) int64 {
	fit := int64(float64(steps) * float64(t.callTime) / float64(max(took, 1)))
	return max(1, min(fit, 16*size))
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

// newValue makes a tensor of the shape from what a user gave for the argument of that name.
func newValue(argument string, value any, shape shapes.Shape) (*tensors.Tensor, error) {
	var x *tensors.Tensor
	err := catch(func() { x = tensors.MustFromAnyValue(value) })
	if err == nil {
		err = x.CheckValid()
	}
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
	fill(y, flat)
	if firstNotFinite(y) >= 0 {
		return nil, fmt.Errorf("%s is not finite in %s", argument, shape.DType)
	}
	return y, nil
}

// fill sets x's values, which are floats.
func fill(x *tensors.Tensor, values []float64) {
	x.MustMutableFlatData(func(to any) {
		switch to := to.(type) {
		case []float32:
			for i, f := range values {
				to[i] = float32(f)
			}
		case []float64:
			copy(to, values)
		}
	})
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
