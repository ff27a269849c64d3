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
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// StepTimes (claims S1, S3) is the time of a step, in seconds.
type StepTimes struct {
	Examples []int
	Seconds  []float64 // the fastest of the timings
	Median   []float64 // of the timings
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

// Price is what a step costs for itself and what it costs for each example, in seconds: the straight line whose relative errors have the least sum
// of squares. At the batch size step/example a step sees half as many examples a second as a large one.
func (t *StepTimes) Price() (step, example float64) {
	x, y := mat.NewDense(len(t.Examples), 2, nil), mat.NewVecDense(len(t.Examples), nil)
	for i, n := range t.Examples {
		x.SetRow(i, []float64{1 / t.Seconds[i], float64(n) / t.Seconds[i]})
		y.SetVec(i, 1)
	}
	var price mat.VecDense
	if err := price.SolveVec(x, y); err != nil || len(t.Examples) < 2 {
		return math.NaN(), math.NaN() // one size cannot tell them apart
	}
	return price.AtVec(0), price.AtVec(1)
}

// Growth is how the time of a step grows with the number of examples, from at least that many on, as a power law. It is an error when there are
// fewer than three such sizes, and when t is nil.
func (t *StepTimes) Growth(from int) (stat.PowerLaw, error) {
	if err := given("times", t); err != nil {
		return stat.PowerLaw{}, err
	}
	k := slices.IndexFunc(t.Examples, func(n int) bool { return n >= from })
	if k < 0 {
		k = len(t.Examples)
	}
	return stat.FitPowerLaw(figure.Column(t.Examples[k:], func(n int) float64 { return float64(n) }), t.Seconds[k:], Confidence)
}

// onLogLog is y at x on the straight line through (x0, y0) and (x1, y1) on logarithmic axes.
func onLogLog(x, x0, x1, y0, y1 float64) float64 {
	return y0 * math.Pow(y1/y0, math.Log(x/x0)/math.Log(x1/x0))
}

// DrawGrowth (claim S1) shows the time of a step over the number of examples, beside what a step would cost at one price for each example: that of
// the sizes from 1000 on, in the mean of the logarithms.
func (t *StepTimes) DrawGrowth() *figure.Figure {
	var each []float64
	for i, n := range t.Examples {
		if n >= 1000 || i == len(t.Examples)-1 {
			each = append(each, math.Log(1e6*t.Seconds[i]/float64(n)))
		}
	}
	price := math.Exp(mean(each))
	return figure.New("What a step of gradient descent costs", figure.LogX("examples n"), figure.LogY("time of a step (µs)")).
		Theory("in proportion to n", t.Examples, func(n float64) float64 { return price * n }).Points("measured", t.Examples, t.Micro())
}

// DrawThroughput (claim S3) shows the time of a step and the examples that go through in a second over the size of the batch, beside a price of the
// step and one of each example.
func (t *StepTimes) DrawThroughput() *figure.Figure {
	seen := floats.ScaleTo(make([]float64, len(t.Examples)), 1e-6, t.Throughput())
	step, example := t.Price()
	price := func(b float64) float64 { return 1e6 * (step + example*b) }
	const law = "a price of the step + a price of each example"
	return figure.Row(
		figure.New("Time of a step", figure.LogX("batch size b"), figure.LogY("time (µs)")).
			Points("measured", t.Examples, t.Micro()).Theory(law, t.Examples, price),
		figure.New("Throughput", figure.LogX("batch size b"), figure.LogY("million examples a second")).
			Points("measured", t.Examples, seen).Theory(law, t.Examples, func(b float64) float64 { return b / price(b) }))
}

// StepTimeSettings are those of TimeSteps.
type StepTimeSettings struct {
	Features int   // of each example
	Sizes    []int // examples of a step
	Of       int   // examples from which the batches are drawn; 0: each step takes all there are
}

// timings is how often each size is timed. The sizes take turns, so that a busy moment of the machine does not fall on all timings of one.
const timings = 8

// TimeSteps (claims S1, S3) times steps of gradient descent on least squares with all examples, or of SGD with batches of them, for
// each of the sizes. Each time is the best of eight runs. It is an error when a number cannot be, and when a run fails.
func TimeSteps(ctx context.Context, settings StepTimeSettings) (*StepTimes, error) {
	d, n := settings.Features, settings.Of
	if err := counts("Features", d, "Of", cmp.Or(n, 1)); err != nil {
		return nil, err
	}
	times := &StepTimes{Examples: settings.Sizes}
	var trainers []*train.Trainer
	var configs []train.Config
	defer func() {
		for _, t := range trainers {
			t.Close()
		}
	}()
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
		trainers = append(trainers, t)
		steps := max(20, 300_000/(size+20)) // some milliseconds, of which starting the run is a small part
		c := train.Config{LearningRate: 1e-3, Steps: steps, Stride: steps}
		if n > 0 {
			if c.Sampler, err = sample.WithReplacement(size); err != nil {
				return nil, err
			}
		}
		configs = append(configs, c)
	}
	all := make([][]float64, len(trainers)) // [sizes][timings]
	for turn := range timings + 1 {
		for i, t := range trainers {
			began := time.Now()
			if _, err := t.Run(ctx, configs[i]); err != nil {
				return nil, err
			}
			if turn > 0 { // the first compiles
				all[i] = append(all[i], time.Since(began).Seconds()/float64(configs[i].Steps))
			}
		}
	}
	times.Seconds, times.Median = figure.Each(all, floats.Min), figure.Each(all, func(each []float64) float64 { return Quantile(each, 0.5) })
	return times, nil
}
