package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// TimeToLoss (claim S3) is how many steps SGD needs to an excess loss with batches of each size, each at the constant rate that is best for
// it by theory.
type TimeToLoss struct {
	Batch     []int
	Rate      []float64       // the best η
	Predicted []float64       // steps until the mean excess loss is down to the target
	Reached   []stat.Interval // mean excess loss of the runs at the predicted step, over the target's: 1 if theory is right
	Steps     []float64       // steps until the mean over the runs is down to the target
	Fewest    float64         // steps of gradient descent at its best rate: of an endless batch
	Examples  int             // in the data set, all of which a step of gradient descent looks at
}

// TimeToLossSettings are those of MeasureTimeToLoss.
type TimeToLossSettings struct {
	Batches []int   // sizes, ascending; drawn with replacement
	Target  float64 // of the mean excess loss, as a part of that at the start
	Seeds   int     // runs of each size
}

// MeasureTimeToLoss (claim S3) computes each size's best rate and trains at it for a fifth longer than theory says. It is an error when a
// setting cannot be, when no rate gets to the target within 50,000 steps, and when a run fails.
func MeasureTimeToLoss(ctx context.Context, s *Study, settings TimeToLossSettings) (*TimeToLoss, error) {
	if err := given("study", s); err != nil {
		return nil, err
	}
	target := settings.Target * s.Excess(s.Start)
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	r := &TimeToLoss{Examples: len(s.Targets)}
	full, err := theory.LeastSquaresSGD(s.Features, s.Targets, len(s.Targets), theory.WithoutReplacement)
	if err != nil {
		return nil, err
	}
	if _, r.Fewest, err = full.FewestSteps(s.Start, target, 50_000); err != nil {
		return nil, err
	}
	var setups []setup
	for _, b := range settings.Batches {
		sgd, sampler, err := s.batches(b)
		if err != nil {
			return nil, err
		}
		rate, steps, err := sgd.FewestSteps(s.Start, target, 50_000)
		if err != nil {
			return nil, err
		}
		r.Batch, r.Rate, r.Predicted = append(r.Batch, b), append(r.Rate, rate), append(r.Predicted, steps)
		setups = append(setups, setup{trainer: t, config: train.Config{LearningRate: rate, Sampler: sampler,
			Steps: int(1.2*steps) + 2, Stride: max(1, int(steps)/100)}})
	}
	swept, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	for i, runs := range swept {
		curve, err := MeanCurve("", runs, func(h *train.History, k int) float64 { return s.above(h.Params[k]) / target })
		if err != nil {
			return nil, err
		}
		at := 0 // the record before the predicted step
		for at+1 < len(curve.Step) && float64(curve.Step[at+1]) <= r.Predicted[i] {
			at++
		}
		r.Reached = append(r.Reached, between(curve, at, r.Predicted[i]))
		r.Steps = append(r.Steps, crossing(curve))
	}
	return r, nil
}

// between is the curve between the records k and k+1, as on a straight line on a logarithmic axis.
func between(c *Curve, k int, step float64) stat.Interval {
	k = min(k, len(c.Step)-2)
	part := (step - float64(c.Step[k])) / float64(c.Step[k+1]-c.Step[k])
	mid := math.Pow(c.Mean[k].Value, 1-part) * math.Pow(c.Mean[k+1].Value, part)
	return c.Mean[k].Scaled(mid / c.Mean[k].Value)
}

// crossing is where the curve comes down to 1: the mean of the steps at which it is there for the first time and at which it is above for
// the last, because noise makes the first too early. It is NaN when the curve never gets there.
func crossing(c *Curve) float64 {
	at := func(k int) float64 { // between the records k−1 and k
		before, now := c.Mean[k-1].Value, c.Mean[k].Value
		return float64(c.Step[k-1]) + float64(c.Step[k]-c.Step[k-1])*math.Log(before)/math.Log(before/now)
	}
	first, last := math.NaN(), math.NaN()
	for k := 1; k < len(c.Step); k++ {
		if c.Mean[k-1].Value > 1 && c.Mean[k].Value <= 1 {
			if last = at(k); math.IsNaN(first) {
				first = last
			}
		}
	}
	return (first + last) / 2
}

// Critical is the batch size at which by the rule steps = Fewest·(1 + Critical/b) the steps are twice the fewest: the examples that the
// smallest batch needs over the fewest steps.
func (r *TimeToLoss) Critical() float64 {
	return r.Predicted[0]*float64(r.Batch[0])/r.Fewest - float64(r.Batch[0])
}

// rule is how many steps the rule of thumb expects batches of b to need.
func (r *TimeToLoss) rule(b float64) float64 { return r.Fewest * (1 + r.Critical()/b) }

// Draw shows the steps and the examples to the loss over the size of the batch, and gradient descent at the size of the data.
func (r *TimeToLoss) Draw() *figure.Figure {
	examples := func(steps []float64) []float64 {
		return floats.MulTo(make([]float64, len(steps)), steps, figure.Column(r.Batch, func(b int) float64 { return float64(b) }))
	}
	n, full := float64(r.Examples), fmt.Sprintf("gradient descent on all %d", r.Examples)
	return figure.Row(
		figure.New("Steps to the loss", figure.LogX("batch size b"), figure.LogY("steps")).
			Points("measured", r.Batch, r.Steps).Theory("theory, exact", r.Batch, r.Predicted).Theory("rule of thumb", nil, r.rule).
			Mark(full, n, r.Fewest).VLine(r.Critical(), "critical b"),
		figure.New("Examples to the loss", figure.LogX("batch size b"), figure.LogY("examples: steps × b")).
			Points("measured", r.Batch, examples(r.Steps)).Theory("theory, exact", r.Batch, examples(r.Predicted)).
			Theory("rule of thumb", nil, func(b float64) float64 { return b * r.rule(b) }).
			Mark(full, n, n*r.Fewest).VLine(r.Critical(), "critical b"))
}

// String says how far the runs are from theory, and where the critical batch size is.
func (r *TimeToLoss) String() string {
	worst, rule := 0.0, 0.0
	for i, steps := range r.Steps {
		worst = max(worst, math.Abs(steps/r.Predicted[i]-1))
		rule = max(rule, math.Abs(r.rule(float64(r.Batch[i]))/r.Predicted[i]-1))
	}
	return fmt.Sprintf("Measured steps and theory differ by at most %.0f %%, the rule of thumb and theory by at most %.0f %%. Gradient descent needs %.1f steps, so %.0f examples; SGD with b = %d needs %.0f. The critical batch size is %.0f.",
		100*worst, 100*rule, r.Fewest, r.Fewest*float64(r.Examples), r.Batch[0], r.Predicted[0]*float64(r.Batch[0]), r.Critical())
}

// DrawTime shows the time to the loss, theory's steps × the time of a step, from its fastest timing to the median, and says at which batch sizes it
// is within a quarter of the least: closer calls are noise of the measurement. Gradient descent's time of a step is between those of the sizes around n.
func (r *TimeToLoss) DrawTime(times *StepTimes) (fig *figure.Figure, words string) {
	mustGive("times", times)
	micro := floats.MulTo(make([]float64, len(r.Batch)), r.Predicted, times.Micro())
	slower := slices.Clone(micro) // by the median of the timings
	for i, s := range times.Median {
		slower[i] *= s / times.Seconds[i]
	}
	var fast []string
	for i, b := range r.Batch {
		if micro[i] <= 1.25*floats.Min(micro) {
			fast = append(fast, fmt.Sprint(b))
		}
	}
	n, full := float64(r.Examples), r.Fewest*microAt(times, float64(r.Examples))
	last := len(micro) - 1
	return figure.New("Time to the loss on this machine", figure.LogX("batch size b"), figure.LogY("time (µs)")).
			Intervals("theory's steps × time of a step, fastest to median", r.Batch, micro, micro, slower).Mark(fmt.Sprintf("gradient descent on all %d", r.Examples), n, full),
		fmt.Sprintf("SGD is fastest with b = %s (within a quarter): %.0f µs. With b = %d it takes %.0f µs, with b = %d %.0f µs. Gradient descent takes %.0f µs.",
			strings.Join(fast, ", "), floats.Min(micro), r.Batch[0], micro[0], r.Batch[last], micro[last], full)
}

// microAt is the time of a step on n examples in µs, between two measured sizes as on a straight line on logarithmic axes.
func microAt(times *StepTimes, n float64) float64 {
	micro, k := times.Micro(), 1
	for k+1 < len(micro) && float64(times.Examples[k]) < n {
		k++
	}
	return onLogLog(n, float64(times.Examples[k-1]), float64(times.Examples[k]), micro[k-1], micro[k])
}
