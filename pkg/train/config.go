package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"github.com/gomlx/compute/dtypes"
)

// Record says what a run records beside the loss of each step's batch, which it always records. It decides the
// program's structure; how often something is recorded is Config.Stride.
type Record struct {
	Params   bool // the parameters θ
	GradNorm bool // the Euclidean norms of the batch's gradient: over all parameters, and of each
	StepNorm bool // ‖θ_{t+1} − θ_t‖, of the step that follows the record (after the last record: that would follow)
	Rate     bool // η_t of that step; for the last record of StepNorm and Rate a schedule.Func is called once more, for step Steps
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
	// Schedule is η_t, t counting the steps from 0. Your own function (schedule.Func) is called before the run, once for every step,
	// and for the one after them if Rate or StepNorm is recorded; with one, Steps beyond the same power of two compile again.
	Schedule schedule.Schedule
	// Plateau lowers the rate where the batch's loss stops falling; the zero Plateau does not.
	Plateau schedule.Plateau
	// Sampler draws the batches, from Seed; the zero Sampler takes all examples at every step.
	Sampler sample.Sampler
	Steps   int // number of steps, at least 1
	// Stride is the number of steps from one record to the next; 0 means every step. Memory is proportional to Steps/Stride.
	Stride int
	// Start gives parameters their starting values by name ("theta", "hidden/dense/weights"): a number, nested slices or a
	// tensor, of the parameter's shape. The others start where their initializer puts them, drawn from Seed.
	Start map[string]any
	// From, if not nil, continues that run: from its last parameters, moments and step, for Steps more. With the
	// same Seed, Sampler and Schedule the two runs are one that was longer.
	From *History
	// Hyper gives hyperparameters of the optimizer their values by name ("momentum", "beta1"); the others are as the
	// optimizer was made.
	Hyper map[string]float64
	// Seed of the starting values and of the batches. Starting values are drawn by GoMLX's Go backend, so that a seed means
	// the same start and the same batches whatever computes the run.
	Seed int
	// MaxLoss: a loss of greater magnitude counts as divergence and ends the run; 0 means the largest finite number.
	// A run just beyond the threshold of stability grows slowly: a multiple of the loss at the start finds out sooner.
	MaxLoss float64
	// Progress, if not nil, is called now and then with the number of steps done. Without it package progress is told.
	Progress func(step int)
}

// first is the step at which the run begins.
func (c Config) first() int {
	if c.From != nil {
		return c.From.step
	}
	return 0
}

// rates are the steps whose rates a run needs, first to end−1: its own, and for some records also the step after its last.
func (t *Trainer) rates(c Config) (first, end int) {
	first, end = c.first(), c.first()+c.Steps
	if t.record.Rate || t.record.StepNorm {
		end++
	}
	return first, end
}

// tabulated turns the functions in a settled run's schedule into tables.
func (t *Trainer) tabulated(ctx context.Context, c Config) (Config, error) {
	first, end := t.rates(c)
	s, err := c.Schedule.Tabulate(ctx, first, end)
	switch {
	case err == nil:
		c.Schedule = s
		return c, nil
	case ctx.Err() != nil:
		return c, fmt.Errorf("the run was cancelled before its first step: Schedule: %w", err)
	}
	if last := c.first() + c.Steps; end > last {
		if _, without := c.Schedule.Tabulate(ctx, first, last); without == nil {
			return c, fmt.Errorf("Schedule: %w; the last record of Rate and StepNorm needs the rate of step %d: define it, or do not record them", err, last)
		}
	}
	return c, fmt.Errorf("Schedule: %w", err)
}

// settle fills in the defaults, and returns an error that names the first setting that cannot be. It calls no function of a
// schedule.
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
	}
	return c, err
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
		return fmt.Errorf("Steps is %d: the stream has %d steps, because it shows each of its %d examples once", c.first()+c.Steps, steps, t.n)
	}
	return nil
}
