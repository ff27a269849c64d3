package train

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"descent.example/pkg/accel"
)

// A GPU does a step of thousands of small nets in about the time of one, but that takes thirty times as long as a step on a CPU, and
// its program a second or more to compile. What is faster depends on the net, on the number of runs and on both processors.
// It is measured: here.

const (
	// mostLanes is how many runs one program does at once on a GPU: beyond it, the time grows with their number.
	mostLanes = 4096
	// worthwhile is how long runs must take on the CPU before a program is compiled for the GPU.
	worthwhile = 3 * time.Second
	// Two short runs of these steps tell what a step takes, and what a run takes beside its steps.
	shortRun, longerRun = 64, 320
)

// gpu is a variable for the tests, which have to pass without a GPU.
var gpu = accel.GPU

// speed is how long runs take that are done at once.
type speed struct{ start, step float64 } // seconds for each such batch, and for each of its steps

func (s speed) of(batches, steps int) float64 {
	return float64(batches) * (s.start + float64(steps)*s.step)
}

// elsewhere is where runs are done if not by the trainer's own backend: by its twin on a GPU, lanes of them in one program, 0 for one alone.
type elsewhere struct {
	trainer *Trainer
	lanes   int
}

// Stay keeps the runs of the trainer, and of those made of it by On, on its own backend, also where a GPU would be faster.
func (t *Trainer) Stay() {
	if !t.made() {
		panic(errNotMade)
	}
	t.stays.Store(true)
}

// faster returns the GPU if runs that differ only in their values are faster there than on the trainer's own backend, which must be that
// of accel.Open and is shared by the workers. It compiles a program for the GPU only if the runs take long.
func (t *Trainer) faster(ctx context.Context, cs []Config, workers int) (elsewhere, bool) {
	if t.stays.Load() || cs[0].Steps < 2*longerRun || ctx.Err() != nil {
		return elsewhere{}, false
	}
	if own, err := accel.Open(); err != nil || own != t.backend {
		return elsewhere{}, false
	}
	backend, name, err := gpu()
	if err != nil {
		return elsewhere{}, false
	}
	e, err := t.fasterOn(ctx, backend, cs, workers)
	if err != nil && ctx.Err() == nil {
		goesOn(fmt.Errorf("%s: %w", name, err))
	}
	return e, err == nil && e.trainer != nil
}

func (t *Trainer) fasterOn(ctx context.Context, gpu compute.Backend, cs []Config, workers int) (elsewhere, error) {
	here, err := t.speed(ctx, cs[:1], 0)
	if err != nil {
		return elsewhere{}, nil // the run will say it
	}
	atOnce := min(workers, runtime.GOMAXPROCS(0)) // more workers than processors fill pauses, and compute no more
	batches := func(size int) int { return (len(cs) + size - 1) / size }
	if here.of(batches(atOnce), cs[0].Steps) < worthwhile.Seconds() {
		return elsewhere{}, nil
	}
	twin, err := t.twinOn(gpu)
	if err != nil {
		return elsewhere{}, err
	}
	lanes, n := 0, devices(gpu)
	if len(cs) > 1 {
		lanes = min(lanesFor(batches(n)), mostLanes)
	}
	for {
		some := cs[:min(len(cs), max(lanes, 1))]
		there, err := twin.speed(ctx, some, lanes)
		switch {
		case (outOfMemory(err) || errors.Is(err, compute.ErrNotImplemented)) && lanes > 2: // this number of lanes is too large, or nothing can be batched
			lanes /= 2
			continue
		case errors.Is(err, compute.ErrNotImplemented):
			return elsewhere{}, nil
		case err != nil:
			return elsewhere{}, err
		case there.of(batches(len(some)*n), cs[0].Steps) < here.of(batches(atOnce), cs[0].Steps):
			return elsewhere{twin, lanes}, nil
		}
		return elsewhere{}, nil
	}
}

// speed measures runs done at once, on short ones. What was measured before of programs alike is not measured again.
func (t *Trainer) speed(ctx context.Context, cs []Config, lanes int) (speed, error) {
	cs = slices.Clone(cs)
	for i := range cs {
		var err error
		if cs[i], err = t.tabulated(ctx, cs[i]); err != nil {
			return speed{}, err
		}
	}
	u := setupOf(cs[0], lanes)
	t.place.Lock()
	defer t.place.Unlock()
	if s, ok := t.speeds[u.key()]; ok {
		return s, nil
	}
	took := func(steps int) (seconds, done float64, err error) {
		short := slices.Clone(cs)
		for i := range short {
			short[i].Steps, short[i].Stride, short[i].Progress, short[i].MaxLoss = steps, steps, nil, math.MaxFloat64
		}
		began := time.Now()
		hs, err := t.run(ctx, short, lanes, 0)
		for _, h := range hs {
			reached := cs[0].first() + steps
			if at, diverged := h.Diverged(); diverged {
				reached = at
			}
			done = max(done, float64(reached-cs[0].first()))
		}
		return time.Since(began).Seconds(), done, err
	}
	if _, _, err := took(1); err != nil { // compiles
		return speed{}, err
	}
	brief, few, err := took(shortRun)
	if err != nil {
		return speed{}, err
	}
	longer, many, err := took(longerRun)
	if err != nil {
		return speed{}, err
	}
	s := speed{step: longer / max(many, 1)}
	if longer > brief && many > few {
		s.step = (longer - brief) / (many - few)
	}
	s.start = max(brief-few*s.step, 0)
	if t.speeds == nil {
		t.speeds = make(map[string]speed)
	}
	t.speeds[u.key()] = s
	return s, nil
}

// twinOn returns the trainer's like on another backend: of the same problem and optimizer, on the same data. It is made once.
func (t *Trainer) twinOn(backend compute.Backend) (*Trainer, error) {
	t.place.Lock()
	defer t.place.Unlock()
	if t.compiled.twin == nil {
		twin, err := New(backend, t.problem, t.optimizer, t.record)
		if err != nil {
			return nil, err
		}
		t.compiled.twin = twin
	}
	if !t.guest {
		return t.compiled.twin, nil
	}
	if t.twin == nil {
		twin, err := t.compiled.twin.On(t.data)
		if err != nil {
			return nil, err
		}
		t.twin = twin
	}
	return t.twin, nil
}

// closeTwins closes the trainer's twins.
func (t *Trainer) closeTwins() {
	t.place.Lock()
	defer t.place.Unlock()
	if t.twin != nil {
		t.twin.Close()
	}
	if !t.guest && t.compiled.twin != nil {
		t.compiled.twin.Close()
	}
}

// goesOn says that the GPU failed and that the CPU does the work.
func goesOn(err error) { slog.Warn("the GPU is not used for this, the CPU goes on: " + err.Error()) }

// outOfMemory tells whether an error is XLA's for too little memory on a GPU, RESOURCE_EXHAUSTED.
func outOfMemory(err error) bool {
	return err != nil && strings.Contains(err.Error(), "PJRT error (code=8)")
}

// plainly says what to do where a GPU's memory is not enough.
func plainly(err error) error {
	if !outOfMemory(err) {
		return err
	}
	return fmt.Errorf("the GPU's memory is not enough: lower the batch, the widths or the number of runs, or set GOMLX_BACKEND=xla:cpu to compute on the CPU (%w)", err)
}
