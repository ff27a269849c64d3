package lecture

import (
	"context"
	"fmt"
	"slices"

	"descent.example/pkg/train"
)

// Grid is SGD at each of some learning rates, from each of some seeds.
type Grid struct {
	Batch int       // examples in a batch, drawn with replacement
	Rates []float64 // learning rates η
	Steps int       // of each run
	Seeds int       // runs at each rate, from the seeds 1, 2, …
}

// A setup is what a sweep repeats from several seeds.
type setup struct {
	trainer *train.Trainer
	config  train.Config                  // all but the seed
	start   func(seed int) map[string]any // nil: config's Start
}

// sweep runs every setup from each of a number of seeds that begin with first, and returns the histories, [setups][seeds]. It is an
// error when a number of steps or seeds cannot be.
func sweep(ctx context.Context, setups []setup, first, seeds int) ([][]*train.History, error) {
	var jobs []train.Job
	for _, s := range setups {
		if err := counts("Steps", s.config.Steps, "Seeds", seeds); err != nil {
			return nil, err
		}
		for seed := range seeds {
			s.config.Seed = first + seed
			if s.start != nil {
				s.config.Start = s.start(s.config.Seed)
			}
			jobs = append(jobs, train.Job{Trainer: s.trainer, Config: s.config})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("the sweep: %w", err)
	}
	return slices.Collect(slices.Chunk(histories, seeds)), nil
}

// atRates is a setup for each constant rate.
func atRates(t *train.Trainer, base train.Config, rates []float64) []setup {
	var setups []setup
	for _, rate := range rates {
		base.LearningRate = rate
		setups = append(setups, setup{trainer: t, config: base})
	}
	return setups
}

// diverged counts the runs that did.
func diverged(runs []*train.History) (count int) {
	for _, h := range runs {
		if _, yes := h.Diverged(); yes {
			count++
		}
	}
	return count
}
