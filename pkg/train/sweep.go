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

	"github.com/gomlx/compute"

	"descent.example/pkg/memory"
	"descent.example/pkg/progress"
)

// A Job is one run of a sweep.
type Job struct {
	Trainer *Trainer
	Config  Config
}

// Grid lists the jobs of one trainer for every learning rate and seed, the seeds of the first rate first. The rest of
// their settings is base's.
func (t *Trainer) Grid(base Config, rates []float64, seeds []int64) []Job {
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
// at once; 0 means one for each processor. The results do not depend on the workers.
//
// On a CPU each works on one run at a time. That is faster than to batch them: there the time of a batch of small nets
// grows faster than their number (BenchmarkSweep). On a GPU, which takes about as long for hundreds of them as for one, runs of one trainer that
// have the same steps, stride and structure are batched into one program, up to 256 of them, and are equal to single runs up
// to rounding; what cannot be batched (a model with convolutions or random bits, see package vmap) runs one at a time.
//
// A setting that cannot be is an error before anything runs, and names the job. A run that fails ends the sweep, as does
// the context's end; the histories of the runs that were done by then are returned with the error, the others are nil.
//
// told, if not nil, is called with the number of runs done; without it package progress is told.
func Sweep(outer context.Context, jobs []Job, workers int, told func(done int)) ([]*History, error) {
	if told == nil {
		set, end := progress.Begin("training", len(jobs))
		defer end()
		told = set
	}
	return sweep(outer, jobs, workers, told, func(t *Trainer) int {
		if onGPU(t.backend) {
			return 256
		}
		return 1
	})
}

// onGPU tells whether the backend is XLA on an NVIDIA GPU, by the plugin's name, as go-xla does.
func onGPU(backend compute.Backend) bool {
	xla, ok := backend.(interface{ PluginName() string })
	return ok && strings.Contains(strings.ToLower(xla.PluginName()), "cuda")
}

// sweep does the runs of a trainer up to so many at once as atOnce says.
func sweep(outer context.Context, jobs []Job, workers int, told func(done int), atOnce func(*Trainer) int) ([]*History, error) {
	if len(jobs) == 0 {
		return nil, errors.New("jobs is empty: give at least one run")
	}
	if workers < 0 {
		return nil, fmt.Errorf("workers is %d: it must be at least 1, or 0 for one for each processor", workers)
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	configs := make([]Config, len(jobs)) // settled
	bytes := 0.0
	for i, job := range jobs {
		if job.Trainer == nil {
			return nil, fmt.Errorf("job %d has no Trainer", i)
		}
		var err error
		if configs[i], err = job.Trainer.settle(job.Config); err != nil {
			return nil, fmt.Errorf("job %d: %w", i, err)
		}
		bytes += job.Trainer.historyBytes(configs[i])
	}
	if err := memory.Check(bytes, "raise Stride, record less or do fewer runs", "the histories of %d runs", len(jobs)); err != nil {
		return nil, err
	}
	if outer == nil {
		return nil, errors.New("ctx is nil: give context.Background()")
	}

	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	histories := make([]*History, len(jobs))
	queue := make(chan []int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	run := func(batch []int, lanes int) error {
		cs := make([]Config, len(batch))
		for i, place := range batch {
			cs[i] = configs[place]
		}
		hs, err := jobs[batch[0]].Trainer.run(ctx, cs, lanes)
		if err != nil {
			return fmt.Errorf("job %d: %w", batch[0], err)
		}
		mu.Lock()
		defer mu.Unlock()
		for i, place := range batch {
			histories[place] = hs[i]
		}
		done += len(batch)
		if told != nil {
			if err := catch(func() { told(done) }); err != nil {
				return fmt.Errorf("telling progress of %d runs: %w", done, err)
			}
		}
		return nil
	}
	for range min(workers, len(jobs)) {
		group.Go(func() {
			for batch := range queue {
				err := compute.ErrNotImplemented
				if len(batch) > 1 {
					err = run(batch, lanesFor(len(batch)))
				}
				if errors.Is(err, compute.ErrNotImplemented) {
					err = nil
					for i := 0; i < len(batch) && err == nil; i++ {
						err = run(batch[i:i+1], 0)
					}
				}
				if err != nil {
					cancel(err) // the first cause stays
				}
			}
		})
	}
	for _, batch := range batches(jobs, configs, atOnce) {
		if ctx.Err() != nil {
			break
		}
		queue <- batch
	}
	close(queue)
	group.Wait()
	if err := outer.Err(); err != nil {
		return histories, fmt.Errorf("the sweep was cancelled after %d of %d runs: %w", done, len(jobs), err)
	}
	return histories, context.Cause(ctx)
}

// lanesFor is the least power of two that holds so many runs, so that sweeps of other sizes share few programs.
func lanesFor(runs int) int { return 1 << bits.Len(uint(runs-1)) }

// batches lists the places of the jobs that run at once. The first batch of every trainer comes first, then every second one,
// and so on: a trainer's first run compiles, and workers that start with different trainers do not wait for one another.
func batches(jobs []Job, configs []Config, atOnce func(*Trainer) int) [][]int {
	type kind struct {
		trainer             *Trainer
		structure           string
		steps, first, every int
	}
	var all [][]int
	open := make(map[kind]int) // the place in all of the batch that still grows
	for i, c := range configs {
		u, _ := setupOf(c) // the run will say what is wrong
		k := kind{jobs[i].Trainer, u.key(), c.Steps, c.first(), c.Stride}
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
		trainer := jobs[batch[0]].Trainer
		turn[batch[0]] = nth[trainer]
		nth[trainer]++
	}
	slices.SortStableFunc(all, func(a, b []int) int { return turn[a[0]] - turn[b[0]] })
	return all
}
