package train

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
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
// at once, each one run at a time; 0 means one for each processor. On a CPU that is faster than batching the runs into
// one program: there XLA's cost of a batch of small nets grows faster than their number. The results do not depend on
// the workers. progress, if not nil, is called with the number of runs done, from one goroutine at a time.
//
// A setting that cannot be is an error before anything runs, and names the job. A run that fails ends the sweep, as does
// the context's end; the histories of the runs that were done by then are returned with the error, the others are nil.
func Sweep(outer context.Context, jobs []Job, workers int, progress func(done int)) ([]*History, error) {
	if len(jobs) == 0 {
		return nil, errors.New("jobs is empty: give at least one run")
	}
	if workers < 0 {
		return nil, fmt.Errorf("workers is %d: it must be at least 1, or 0 for one for each processor", workers)
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for i, job := range jobs {
		if job.Trainer == nil {
			return nil, fmt.Errorf("job %d has no Trainer", i)
		}
		if _, err := job.Trainer.settle(job.Config); err != nil {
			return nil, fmt.Errorf("job %d: %w", i, err)
		}
	}

	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	histories := make([]*History, len(jobs))
	queue := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(workers, len(jobs)) {
		group.Go(func() {
			for i := range queue {
				h, err := jobs[i].Trainer.Run(ctx, jobs[i].Config)
				if err != nil {
					cancel(fmt.Errorf("job %d: %w", i, err)) // the first cause stays
					continue
				}
				mu.Lock()
				histories[i] = h
				done++
				if progress != nil {
					progress(done)
				}
				mu.Unlock()
			}
		})
	}
	for _, i := range order(jobs) {
		if ctx.Err() != nil {
			break
		}
		queue <- i
	}
	close(queue)
	group.Wait()
	if err := outer.Err(); err != nil {
		return histories, fmt.Errorf("the sweep was cancelled after %d of %d runs: %w", done, len(jobs), err)
	}
	return histories, context.Cause(ctx)
}

// order puts the first job of every trainer first, then every second one, and so on: a trainer's first run compiles, and
// workers that start with different trainers do not wait for one another.
func order(jobs []Job) []int {
	turn, nth := make([]int, len(jobs)), make(map[*Trainer]int)
	places := make([]int, len(jobs))
	for i, job := range jobs {
		places[i], turn[i] = i, nth[job.Trainer]
		nth[job.Trainer]++
	}
	slices.SortStableFunc(places, func(i, j int) int { return turn[i] - turn[j] })
	return places
}
