package lecture

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// StepTimes (claims S1, S3) is the time of a step, in seconds.
type StepTimes struct {
	Examples []int
	Seconds  []float64
}

// Throughput is how many examples a second each size sees.
func (t *StepTimes) Throughput() []float64 {
	seen := make([]float64, len(t.Examples))
	for i, n := range t.Examples {
		seen[i] = float64(n) / t.Seconds[i]
	}
	return seen
}

// HalfSpeed is the index of the first size that reaches half of the best throughput. It panics when there are no sizes.
func (t *StepTimes) HalfSpeed() int {
	seen := t.Throughput()
	best := floats.Max(seen)
	return slices.IndexFunc(seen, func(s float64) bool { return s >= best/2 })
}

// StepTimeSettings are those of TimeSteps.
type StepTimeSettings struct {
	Features int   // of each example
	Sizes    []int // examples of a step
	Of       int   // examples from which the batches are drawn; 0: each step takes all there are
}

// TimeSteps (claims S1, S3) times steps of gradient descent on least squares with all examples, or of SGD with batches of them, for
// each of the sizes. Each time is the best of three runs. It is an error when a number cannot be, and when a run fails.
func TimeSteps(ctx context.Context, settings StepTimeSettings) (*StepTimes, error) {
	d, n := settings.Features, settings.Of
	if err := counts("Features", d, "Of", cmp.Or(n, 1)); err != nil {
		return nil, err
	}
	times := new(StepTimes)
	for _, size := range settings.Sizes {
		examples := max(n, size)
		x := mat.NewDense(examples, d, nil)
		x.Apply(func(i, j int, _ float64) float64 { return math.Sin(float64(1 + i*d + j)) }, x)
		p, err := problem.NewLeastSquares(x, make([]float64, examples))
		if err != nil {
			return nil, err
		}
		t, err := NewTrainer(p, "SGD", train.Record{})
		if err != nil {
			return nil, err
		}
		steps := max(20, 400_000/(size+200))
		c := train.Config{LearningRate: 1e-3, Steps: steps, Stride: steps}
		if n > 0 {
			if c.Sampler, err = sample.WithReplacement(size); err != nil {
				return nil, err
			}
		}
		best := math.Inf(1)
		for range 4 { // the first compiles
			began := time.Now()
			if _, err := t.Run(ctx, c); err != nil {
				t.Close()
				return nil, err
			}
			best = min(best, time.Since(began).Seconds()/float64(steps))
		}
		t.Close()
		times.Examples, times.Seconds = append(times.Examples, size), append(times.Seconds, best)
	}
	return times, nil
}
