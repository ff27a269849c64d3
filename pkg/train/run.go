package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// run does the runs of the settings, which are settled and of one structure, steps and stride, on a device of the trainer's backend; if
// there are lanes, in one program with that number of them.
func (t *Trainer) run(ctx context.Context, cs []Config, lanes int, device compute.DeviceNum) ([]*History, error) {
	if ctx == nil {
		return nil, errors.New("ctx is nil: give context.Background()")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the run was cancelled before its first step: %w", err)
	}
	e, err := t.begin(cs, lanes, device)
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
	program         *program
	lanes           int
	device          compute.DeviceNum
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
func (t *Trainer) begin(cs []Config, lanes int, device compute.DeviceNum) (*execution, error) {
	e := &execution{trainer: t, configs: cs, lanes: lanes, device: device, first: cs[0].first(), step: cs[0].first(), last: cs[0].first() + cs[0].Steps}
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
	if device != 0 {
		if err := e.leave(); err != nil {
			return nil, fmt.Errorf("copying the data to device %d: %w", device, err)
		}
	}
	for _, c := range cs {
		e.histories = append(e.histories, t.newHistory(c))
	}
	e.live = slices.Clone(e.histories)
	return e, nil
}

// leave copies what the runs share with others. A tensor is on one device at a time: on another's request it would move there, under the
// hands of those that use it.
func (e *execution) leave() error {
	for i, x := range e.fixed {
		if x := x.(*tensors.Tensor); !slices.Contains(e.own, x) {
			copied, err := x.LocalClone()
			if err != nil {
				return err
			}
			e.fixed[i], e.own = copied, append(e.own, copied)
		}
	}
	copies := make([]*tensors.Tensor, len(e.state.tensors))
	for i, x := range e.state.tensors {
		var err error
		if copies[i], err = x.LocalClone(); err != nil {
			return err
		}
	}
	e.state = values{tensors: copies}
	return nil
}

func (e *execution) end() {
	e.state.release()
	release(e.own)
}

// call calls the program once, for as many steps as fit into a call's time, and ends the runs that are over.
func (e *execution) call(ctx context.Context) error {
	began, t := time.Now(), e.trainer
	size := max(e.program.pace.Load(), 1)
	b := block{from: e.step, to: min(e.last+1, e.step+int(size)), first: e.first, last: e.last, stride: e.configs[0].Stride}
	var at []int
	var finite []bool
	err := t.use(func() error {
		var next []*tensors.Tensor
		var err error
		if at, finite, next, err = e.program.run(e.live, b, e.fixed, e.state.tensors, e.device); err == nil {
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
				return laneError{i, fmt.Errorf("telling Progress of step %d: %w", done, err)}
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
	e.program.pace.Store(t.fit(size, e.step-b.from, time.Since(began)))
	return nil
}

// fit is how many steps the next call does, from what the last one took, which was to do size.
func (t *Trainer) fit(size int64, steps int, took time.Duration) int64 {
	fit := int64(float64(steps) * float64(t.callTime) / float64(max(took, 1)))
	return max(1, min(fit, 16*size))
}

// finish gives run i its final values, after its last step.
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

// each calls do for the numbers below n, on all processors if there are several, and returns the error of the first that has one,
// with its number.
func each(n int, do func(i int) error) error {
	if n == 1 {
		return do(0)
	}
	errs := make([]error, n)
	share(n, runtime.GOMAXPROCS(0), func(i int) {
		caught := catch(func() { errs[i] = do(i) })
		if err := cmp.Or(caught, errs[i]); err != nil {
			errs[i] = laneError{i, err}
		}
	})
	return cmp.Or(errs...)
}

// A laneError is what is wrong with one of the runs in a program.
type laneError struct {
	lane int
	error
}

func (e laneError) Unwrap() error { return e.error }

// share calls do for the numbers below n, which the workers take one after the other. A goroutine that hands them out would
// often be late, because it has to wait for a processor while the workers compute.
func share(n, workers int, do func(i int)) {
	shareOut(n, workers, func(_, i int) { do(i) })
}

// shareOut is share, and tells do which worker calls it.
func shareOut(n, workers int, do func(worker, i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for worker := range min(n, workers) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(worker, i)
			}
		})
	}
	group.Wait()
}
