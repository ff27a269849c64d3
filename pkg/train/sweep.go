package train

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomlx/compute"

	"descent.example/pkg/memory"
	"descent.example/pkg/progress"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
)

// A Job is one run of a sweep.
type Job struct {
	Trainer *Trainer
	Config  Config
}

// Grid lists the jobs of one trainer for every learning rate and seed, the seeds of the first rate first. The rest of
// their settings is base's.
func (t *Trainer) Grid(base Config, rates []float64, seeds []int) []Job {
	var jobs []Job
	for _, rate := range rates {
		for _, seed := range seeds {
			c := base
			c.LearningRate, c.Seed = rate, seed
			jobs = append(jobs, Job{t, c})
		}
	}
	return jobs
}

// Sweep does the runs, each as Run does it, and returns their histories in the order of the jobs. So many workers run
// at once; 0 means two more than there are processors. The results do not depend on the workers.
//
// On a CPU each works on one run at a time. That is faster than to batch them: there the time of a batch of small nets
// grows faster than their number (BenchmarkSweep). A GPU takes about as long for thousands of them as for one. Where there is one
// (accel.GPU), runs of one trainer that have the same steps, stride and structure go there together if that is measured to be faster
// than the CPU; the runs that go there are equal to single runs up to rounding. What cannot be batched (a model with convolutions or
// random bits, see package vmap) stays, and so does all if GOMLX_BACKEND says what computes.
//
// Several GPUs work at once, each on runs of its own.
//
// A setting that cannot be is an error before anything runs, and names the job. So is a bad function of a schedule, unless it is
// slow: the functions are called before anything runs for a second at most, and the others when their jobs begin. A run that fails
// ends the sweep, as does the context's end; the histories of the runs that were done by then are returned with the error, the
// others are nil.
//
// told, if not nil, is called with the number of runs done; without it package progress is told.
func Sweep(outer context.Context, jobs []Job, workers int, told func(done int)) ([]*History, error) {
	if told == nil {
		set, end := progress.Begin("training", len(jobs))
		defer end()
		told = set
	}
	return doAll(outer, jobs, workers, told, func(t *Trainer) int {
		if onGPU(t.backend) {
			return mostLanes
		}
		return 1
	})
}

// onGPU tells whether the backend is XLA on an NVIDIA GPU, by the plugin's name, as go-xla does.
func onGPU(backend compute.Backend) bool {
	xla, ok := backend.(interface{ PluginName() string })
	return ok && strings.Contains(strings.ToLower(xla.PluginName()), "cuda")
}

// spare workers compute while others wait: XLA hands a run from thread to thread, and each time the next one is woken late. On two
// cores 64 nets take 1.7 times less time than on one with two workers, and 1.9 times with four.
const spare = 2

// A sweep is the runs of jobs under way.
type sweep struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	jobs    []Job
	configs []Config // settled
	told    func(done int)

	mu        sync.Mutex
	histories []*History
	done      int
}

// doAll does the runs, of each trainer as many in one program as atOnce says, or on a GPU beside it.
func doAll(outer context.Context, jobs []Job, workers int, told func(done int), atOnce func(*Trainer) int) ([]*History, error) {
	s := &sweep{jobs: jobs, told: told, histories: make([]*History, len(jobs))}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0) + spare
	}
	if err := s.check(workers); err != nil {
		return nil, err
	}
	if outer == nil {
		return nil, errors.New("ctx is nil: give context.Background()")
	}
	s.ctx, s.cancel = context.WithCancelCause(outer)
	defer s.cancel(nil)
	if err := s.tryFunctions(time.Second); err != nil {
		return nil, err
	}

	all := make([]int, len(jobs))
	for i := range all {
		all[i] = i
	}
	stay, away := s.place(all, workers)
	var back []int
	var group sync.WaitGroup
	group.Go(s.whole(func() { back = s.together(away) }))
	s.work(stay, workers, atOnce)
	group.Wait()
	s.work(back, workers, atOnce)
	if err := outer.Err(); err != nil {
		return s.histories, fmt.Errorf("the sweep was cancelled after %d of %d runs: %w", s.done, len(jobs), err)
	}
	return s.histories, context.Cause(s.ctx)
}

// check settles the jobs' settings, and says what is wrong with them.
func (s *sweep) check(workers int) error {
	if len(s.jobs) == 0 {
		return errors.New("jobs is empty: give at least one run")
	}
	if workers < 0 {
		return fmt.Errorf("workers is %d: it must be at least 1, or 0 for as many as there are processors, and two", workers)
	}
	s.configs = make([]Config, len(s.jobs))
	bytes, counted := 0.0, make(map[schedule.Table]bool)
	for i, job := range s.jobs {
		if job.Trainer == nil {
			return fmt.Errorf("job %d has no Trainer", i)
		}
		if !job.Trainer.made() {
			return fmt.Errorf("job %d: %w", i, errNotMade)
		}
		var err error
		if s.configs[i], err = job.Trainer.settle(job.Config); err != nil {
			return fmt.Errorf("job %d: %w", i, err)
		}
		bytes += job.Trainer.historyBytes(s.configs[i])
		for _, table := range s.configs[i].Schedule.Tables(job.Trainer.rates(s.configs[i])) {
			if !counted[table] { // runs share it
				counted[table] = true
				bytes += memory.Bytes(8, table.Size)
			}
		}
	}
	return memory.Check(bytes, "raise Stride, lower Steps, record less or do fewer runs",
		"the histories of %d runs and the tables of their schedules", len(s.jobs))
}

// tryFunctions calls the functions of schedules for so long at most. Their tables are kept.
func (s *sweep) tryFunctions(most time.Duration) error {
	ctx, stop := context.WithTimeout(s.ctx, most)
	defer stop()
	for i, c := range s.configs {
		if _, err := s.jobs[i].Trainer.tabulated(ctx, c); ctx.Err() != nil {
			return nil // the jobs will say it
		} else if err != nil {
			return fmt.Errorf("job %d: %w", i, err)
		}
	}
	return nil
}

// whole is do, but cancels the sweep if do ends its goroutine, which would leave the rest undone.
func (s *sweep) whole(do func()) func() {
	return func() {
		ended := true
		defer func() {
			if ended {
				s.cancel(errors.New("a function that the sweep called ended its goroutine (runtime.Goexit, as FailNow of a test does): let it return"))
			}
		}()
		do()
		ended = false
	}
}

// of are the settings of the jobs at the places.
func (s *sweep) of(places []int) []Config {
	cs := make([]Config, len(places))
	for i, place := range places {
		cs[i] = s.configs[place]
	}
	return cs
}

// run does the jobs at the places, in one program on a device of the trainer's backend.
func (s *sweep) run(t *Trainer, places []int, lanes int, device compute.DeviceNum) error {
	cs := s.of(places)
	for i := range cs {
		var err error
		if cs[i], err = t.tabulated(s.ctx, cs[i]); err != nil {
			return fmt.Errorf("job %d: %w", places[i], err)
		}
	}
	hs, err := t.run(s.ctx, cs, lanes, device)
	if err != nil {
		var of laneError // of the first, if it says nothing else
		errors.As(err, &of)
		return fmt.Errorf("job %d: %w", places[of.lane], err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, place := range places {
		s.histories[place] = hs[i]
	}
	s.done += len(places)
	if s.told != nil {
		if err := catch(func() { s.told(s.done) }); err != nil {
			return fmt.Errorf("telling progress of %d runs: %w", s.done, err)
		}
	}
	return nil
}

// work does the jobs at the places by their own trainers, with that number of workers, on all devices of the trainers' backends in turn.
func (s *sweep) work(places []int, workers int, atOnce func(*Trainer) int) {
	batches := s.batches(places, atOnce)
	shareOut(len(batches), workers, func(worker, i int) {
		if s.ctx.Err() != nil {
			return
		}
		s.whole(func() {
			t := s.jobs[batches[i][0]].Trainer
			if err := s.batch(t, batches[i], compute.DeviceNum(worker%devices(t.backend))); err != nil {
				s.cancel(err) // the first cause stays
			}
		})()
	})
}

// devices is how many devices of the backend compute at once. XLA's CPU says that it has four: they are the same processor. It is a
// variable for the tests.
var devices = func(backend compute.Backend) int {
	if onGPU(backend) {
		return backend.NumDevices()
	}
	return 1
}

// batch does the jobs at the places on a device of the trainer's backend, in one program if that can be.
func (s *sweep) batch(t *Trainer, places []int, device compute.DeviceNum) error {
	if len(places) == 1 {
		return s.run(t, places, 0, device)
	}
	err := s.run(t, places, lanesFor(len(places)), device)
	size := 1
	switch {
	case outOfMemory(err):
		size = (len(places) + 1) / 2
	case !errors.Is(err, compute.ErrNotImplemented):
		return err
	}
	for some := range slices.Chunk(places, size) {
		if err := s.batch(t, some, device); err != nil {
			return err
		}
	}
	return nil
}

// away is a group of jobs that are done elsewhere.
type away struct {
	elsewhere
	places []int
}

// place tells which jobs stay with their trainers and which do not.
func (s *sweep) place(all []int, workers int) (stay []int, gone []away) {
	if _, _, err := gpu(); err != nil {
		return all, nil
	}
	groups := s.batches(all, func(*Trainer) int { return len(all) })
	share(len(groups), workers, func(i int) {
		s.whole(func() {
			places := groups[i]
			e, ok := s.jobs[places[0]].Trainer.faster(s.ctx, s.of(places), workers)
			s.mu.Lock()
			defer s.mu.Unlock()
			if ok {
				gone = append(gone, away{e, places})
			} else {
				stay = append(stay, places...)
			}
		})()
	})
	slices.Sort(stay)
	return stay, gone
}

// together does the jobs that are done elsewhere, on every device there, and returns the places of those that could not be.
func (s *sweep) together(groups []away) (back []int) {
	for _, g := range groups {
		chunks := slices.Collect(slices.Chunk(g.places, max(g.lanes, 1)))
		shareOut(len(chunks), devices(g.trainer.backend), func(device, i int) {
			s.whole(func() {
				if s.ctx.Err() != nil {
					return
				}
				if err := s.run(g.trainer, chunks[i], g.lanes, compute.DeviceNum(device)); err != nil && s.ctx.Err() == nil {
					goesOn(err)
					s.mu.Lock()
					defer s.mu.Unlock()
					back = append(back, chunks[i]...)
				}
			})()
		})
	}
	slices.Sort(back)
	return back
}

// lanesFor is the least power of two that is not below runs. Sweeps of different sizes thus share a few programs.
func lanesFor(runs int) int { return 1 << bits.Len(uint(runs-1)) }

// batches lists the places of the jobs that run at once. The first batch of every trainer comes first, then every second one,
// and so on: a trainer's first run compiles, and workers that start with different trainers do not wait for one another.
func (s *sweep) batches(places []int, atOnce func(*Trainer) int) [][]int {
	type kind struct {
		trainer             *Trainer
		structure, tables   string
		given               sample.Sampler // whose batches are common to all
		steps, first, every int
	}
	var all [][]int
	open := make(map[kind]int) // the place in all of the batch that still grows
	for _, i := range places {
		c := s.configs[i]
		u := setupOf(c, 0)
		k := kind{trainer: s.jobs[i].Trainer, structure: u.key(), steps: c.Steps, first: c.first(), every: c.Stride}
		for _, table := range c.Schedule.Tables(k.trainer.rates(c)) {
			k.tables += fmt.Sprint(table.Size, " ")
		}
		if u.sampler.IsGiven() {
			k.given = u.sampler
		}
		place, ok := open[k]
		if !ok || len(all[place]) >= atOnce(k.trainer) {
			place = len(all)
			open[k] = place
			all = append(all, nil)
		}
		all[place] = append(all[place], i)
	}
	turn, nth := make(map[int]int), make(map[*Trainer]int)
	for _, batch := range all {
		trainer := s.jobs[batch[0]].Trainer
		turn[batch[0]] = nth[trainer]
		nth[trainer]++
	}
	slices.SortStableFunc(all, func(a, b []int) int { return turn[a[0]] - turn[b[0]] })
	return all
}
