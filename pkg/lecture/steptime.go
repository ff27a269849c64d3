package lecture

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
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

// Micro is the time of a step of each size, in microseconds.
func (t *StepTimes) Micro() []float64 {
	return floats.ScaleTo(make([]float64, len(t.Seconds)), 1e6, t.Seconds)
}

// HalfSpeed is the size from which on a step sees half as many examples a second as the fastest, between two sizes as on a straight line
// on logarithmic axes. It panics when there are no sizes.
func (t *StepTimes) HalfSpeed() float64 {
	seen := t.Throughput()
	half := floats.Max(seen) / 2
	i := slices.IndexFunc(seen, func(s float64) bool { return s >= half })
	if i == 0 {
		return float64(t.Examples[0])
	}
	return onLogLog(half, seen[i-1], seen[i], float64(t.Examples[i-1]), float64(t.Examples[i]))
}

// onLogLog is y at x on the straight line through (x0, y0) and (x1, y1) on logarithmic axes.
func onLogLog(x, x0, x1, y0, y1 float64) float64 {
	return y0 * math.Pow(y1/y0, math.Log(x/x0)/math.Log(x1/x0))
}

// DrawGrowth (claim S1) shows the time of a step over the number of examples.
func (t *StepTimes) DrawGrowth() *figure.Figure {
	micro, last := t.Micro(), len(t.Examples)-1
	line := func(n float64) float64 { return micro[last] * n / float64(t.Examples[last]) }
	return figure.New("What a step of gradient descent costs", figure.LogX("examples n"), figure.LogY("time of a step (µs)")).
		Theory("in proportion to n", t.Examples, line).Points("measured", t.Examples, micro)
}

// DrawThroughput (claim S3) shows the time of a step and the examples that go through in a second over the size of the batch.
func (t *StepTimes) DrawThroughput() *figure.Figure {
	seen := floats.ScaleTo(make([]float64, len(t.Examples)), 1e-6, t.Throughput())
	return figure.Row(
		figure.New("Time of a step", figure.LogX("batch size b"), figure.LogY("time (µs)")).Points("measured", t.Examples, t.Micro()),
		figure.New("Throughput", figure.LogX("batch size b"), figure.LogY("million examples a second")).
			Points("measured", t.Examples, seen).HLine(floats.Max(seen)/2, "half").VLine(t.HalfSpeed(), "half of the best"))
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
