package lecture

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Stability (claim S8) is one rate under gradient descent and under SGD.
type Stability struct {
	Rate float64
	// By what the logarithm of the distance to the optimum changes in a step, in the long run and but for the noise at the optimum:
	// that of gradient descent, of a typical run of SGD (the Lyapunov exponent) and of SGD's root mean square. Below 0 a start is forgotten.
	GDGrowth, MeanSquareGrowth float64
	TypicalGrowth              stat.Interval
	GD                         float64 // ‖θ_T − θ*‖ of gradient descent; +Inf where it diverged
	SGD                        []float64
	Expected                   float64 // √E‖θ_T − θ*‖² of SGD, exact; +Inf beyond the numbers
}

// Limits (claim S8) are the rates up to which gradient descent converges, and up to which SGD is stable in mean square and almost
// surely. Beyond AlmostSure nearly every run of SGD goes away; between MeanSquare and AlmostSure the distribution of its distance settles,
// but a run goes far now and then, so far that the mean square of all runs grows for ever. AlmostSure is measured, and has an interval.
type Limits struct {
	GD, MeanSquare float64
	AlmostSure     stat.Interval
}

// Lyapunov (claim S8) is the mean change of log‖e_t‖ in a step of e_{t+1} = (I − ηĤ_t)e_t, Ĥ_t being the Hessian of a batch of b
// examples drawn with replacement, over a number of steps, with the interval by the means of 40 stretches of them. It is an error when
// a number cannot be.
//
// Source: H. Furstenberg and H. Kesten (1960), "Products of Random Matrices"; H. Kesten (1973), "Random Difference Equations and Renewal
// Theory for Products of Random Matrices", for what the noise at the optimum makes of it.
func Lyapunov(s *Study, b int, eta float64, steps, seed int) (stat.Interval, error) {
	const stretches, unscaled = 40, 16 // steps after which the length is 1 again: no number overflows on the way
	if err := given("study", s); err != nil {
		return stat.Interval{}, err
	}
	if err := counts("Steps", steps, "b", b); err != nil {
		return stat.Interval{}, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 8))
	n, d := s.Features.Dims()
	e, step := make([]float64, d), make([]float64, d)
	e[0] = 1
	growth := make([]float64, stretches)
	each := max(1, steps/stretches)
	for k := range growth {
		for t := range each {
			clear(step)
			for range b {
				x := s.Features.RawRowView(rng.IntN(n))
				floats.AddScaled(step, -eta/float64(b)*floats.Dot(x, e), x)
			}
			floats.Add(e, step)
			if t%unscaled == unscaled-1 || t == each-1 {
				length := floats.Norm(e, 2)
				floats.Scale(1/length, e)
				growth[k] += math.Log(length) / float64(each)
			}
		}
	}
	return stat.Mean(growth, Confidence)
}

// FindLimits (claim S8) computes the limits of gradient descent and of SGD with batches of b. AlmostSure is where Lyapunov, measured over
// the steps with the same batches at every rate, is 0; its interval is that of Lyapunov there, divided by the slope. It is an error when b
// or steps cannot be.
func FindLimits(s *Study, b, steps int) (*Limits, error) {
	sgd, err := s.SGD(b)
	if err != nil {
		return nil, err
	}
	limits := &Limits{GD: s.Threshold(), MeanSquare: sgd.Threshold}
	var failed error
	at, err := stat.BisectThreshold(func(eta float64) (bool, error) {
		growth, err := Lyapunov(s, b, eta, steps, 1)
		failed = err
		return growth.Value > 0, err
	}, sgd.Threshold/2, 8*limits.GD, 1e-4)
	if err := cmp.Or(failed, err); err != nil {
		return nil, err
	}
	const beside = 1.05
	growth, err := Lyapunov(s, b, at, steps, 1)
	if err != nil {
		return nil, err
	}
	faster, err := Lyapunov(s, b, beside*at, steps, 1)
	if err != nil {
		return nil, err
	}
	half := (growth.High - growth.Low) / 2 * (beside - 1) * at / (faster.Value - growth.Value)
	limits.AlmostSure = stat.Interval{Value: at, Low: at - half, High: at + half}
	return limits, nil
}

// CompareStability (claim S8) runs gradient descent and SGD from the same start at each rate. It is an error when a setting cannot be,
// and when a run fails.
func CompareStability(ctx context.Context, s *Study, grid Grid) ([]Stability, error) {
	sgd, sampler, err := s.batches(grid.Batch)
	if err != nil {
		return nil, err
	}
	base := train.Config{Steps: grid.Steps, Stride: grid.Steps}
	full, err := s.constant(ctx, base, Grid{Rates: grid.Rates, Seeds: 1})
	if err != nil {
		return nil, err
	}
	base.Sampler = sampler
	noisy, err := s.constant(ctx, base, grid)
	if err != nil {
		return nil, err
	}
	distance := func(h *train.History) float64 {
		if _, diverged := h.Diverged(); diverged {
			return math.Inf(1)
		}
		return floats.Distance(h.Final, s.Descent.Optimum, 2)
	}
	var all []Stability
	for i, eta := range grid.Rates {
		v := Stability{Rate: eta, GD: distance(full[i][0])}
		for _, h := range noisy[i] {
			v.SGD = append(v.SGD, distance(h))
		}
		slowest := 0.0
		for _, lambda := range s.Descent.Lambda {
			slowest = max(slowest, math.Abs(theory.Factor(eta, lambda)))
		}
		radius, err := sgd.SpectralRadius(eta)
		if err != nil {
			return nil, err
		}
		v.GDGrowth, v.MeanSquareGrowth = math.Log(slowest), math.Log(radius)/2
		if v.TypicalGrowth, err = Lyapunov(s, grid.Batch, eta, max(10_000, 400_000/grid.Batch), 1); err != nil {
			return nil, err
		}
		v.Expected = math.Sqrt(sgd.After(func(int) float64 { return eta }, s.Start, grid.Steps).SquaredDistance)
		if math.IsNaN(v.Expected) {
			v.Expected = math.Inf(1)
		}
		all = append(all, v)
	}
	return all, nil
}

// DrawStability shows how the distance to the optimum changes in a step, over the rates, and where the runs are at the end, when they began at
// the distance start.
func DrawStability(verdicts []Stability, limits *Limits, steps int, start float64) *figure.Figure {
	mustGive("limits", limits)
	const fastest, farthest = 0.35, 1e9
	rates := figure.X("learning rate η").Range(0, 1.02*max(limits.GD, verdicts[len(verdicts)-1].Rate))
	growth := figure.New("Growth per step: below 0 a start is forgotten", rates, figure.Y("mean change of ln ‖θ − θ*‖").Range(-0.5, fastest))
	ends := figure.New(fmt.Sprintf("Distance to the optimum after %d steps", steps), rates, figure.LogY("‖θ − θ*‖").Range(0.03, farthest))
	line := func(mark func(name string, xs, ys figure.Numbers) *figure.Figure, name string, most float64, value func(Stability) float64) {
		rates, values := upTo(verdicts, most, value)
		mark(name, rates, values)
	}
	line(growth.Theory, "root mean square, theory", fastest, func(v Stability) float64 { return v.MeanSquareGrowth })
	line(growth.Line, "typical run", fastest, func(v Stability) float64 { return v.TypicalGrowth.Value })
	line(growth.Theory, "gradient descent, theory", fastest, func(v Stability) float64 { return v.GDGrowth })
	line(ends.Theory, "root mean square, theory", farthest, func(v Stability) float64 { return v.Expected })
	line(ends.Line, "typical run", farthest, func(v Stability) float64 { return Quantile(v.SGD, 0.5) })
	line(ends.Line, "95th percentile of the runs", farthest, func(v Stability) float64 { return Quantile(v.SGD, 0.95) })
	growth.HLine(0, "limit of stability")
	ends.HLine(start, "start")
	for _, fig := range []*figure.Figure{growth, ends} {
		fig.VLine(limits.MeanSquare, "mean square").VLine(limits.AlmostSure.Value, "almost sure").VLine(limits.GD, "GD")
	}
	return figure.Row(growth, ends)
}

// upTo is a value over the rates, up to the first that is not below most; that ends at most, between the two rates as the value grows, by
// a constant factor where it spans more than one power of ten.
func upTo(verdicts []Stability, most float64, value func(Stability) float64) (rates, values []float64) {
	for i, v := range verdicts {
		now := value(v)
		if !(now < most) {
			if i > 0 && now < math.MaxFloat64 {
				before := values[i-1]
				part := (most - before) / (now - before)
				if before > 0 && now > 10*before {
					part = math.Log(most/before) / math.Log(now/before)
				}
				rates, values = append(rates, rates[i-1]+part*(v.Rate-rates[i-1])), append(values, most)
			}
			return rates, values
		}
		rates, values = append(rates, v.Rate), append(values, now)
	}
	return rates, values
}

// StabilityTable is where the runs of some of the rates end, for lab.Table.
func StabilityTable(verdicts []Stability, start float64) (header []string, rows [][]string) {
	text := func(distance float64) string {
		switch {
		case distance > 1e12:
			return "beyond 10¹²"
		case distance < 1e-13:
			return "0, to rounding"
		}
		return fmt.Sprintf("%.2g", distance)
	}
	for _, v := range verdicts {
		worse, far := 0, 0
		for _, r := range v.SGD {
			if r > start {
				worse++
			}
			if r > 10*start {
				far++
			}
		}
		rows = append(rows, []string{fmt.Sprintf("%.3f", v.Rate), text(v.GD), text(Quantile(v.SGD, 0.5)), text(v.Expected),
			fmt.Sprintf("%d of %d", worse, len(v.SGD)), fmt.Sprintf("%d of %d", far, len(v.SGD)), fmt.Sprintf("%+.3f (%s)", v.TypicalGrowth.Value, v.TypicalGrowth.Ends("%+.3f"))})
	}
	return []string{"$\\eta$", "GD ends at", "SGD: median", "root mean square (theory)", "farther than the start", "than 10 × the start", "typical growth a step (95 %)"}, rows
}

// A Spiking (claim S8) is SGD at one rate over time.
type Spiking struct {
	Rate       float64
	Step       []int
	Run        []float64 // ‖θ_t − θ*‖ of one run
	Median     []float64 // over all runs
	MeanSquare []float64 // √E‖θ_t − θ*‖², exact
	Worst      float64   // the greatest distance of a run at a record, over the median of that record
}

// FollowSpikes (claim S8) runs SGD at a constant rate, many times. It is an error when a setting cannot be, and when a run fails.
func FollowSpikes(ctx context.Context, s *Study, grid Grid) ([]*Spiking, error) {
	sgd, sampler, err := s.batches(grid.Batch)
	if err != nil {
		return nil, err
	}
	swept, err := s.constant(ctx, train.Config{Steps: grid.Steps, Stride: max(1, grid.Steps/1000), Sampler: sampler}, grid)
	if err != nil {
		return nil, err
	}
	var all []*Spiking
	for i, eta := range grid.Rates {
		spiking := &Spiking{Rate: eta, Step: swept[i][0].Step}
		for _, h := range swept[i] {
			if len(h.Step) > len(spiking.Step) {
				spiking.Step = h.Step
			}
		}
		for k, m := range sgd.Moments(func(int) float64 { return eta }, s.Start, grid.Steps) {
			if j := len(spiking.MeanSquare); j < len(spiking.Step) && spiking.Step[j] == k {
				spiking.MeanSquare = append(spiking.MeanSquare, math.Sqrt(m.SquaredDistance))
			}
		}
		for k := range spiking.Step {
			var at []float64
			for _, h := range swept[i] {
				if k < len(h.Params) {
					at = append(at, floats.Distance(h.Params[k], s.Descent.Optimum, 2))
				} else {
					at = append(at, math.Inf(1))
				}
			}
			median := Quantile(at, 0.5)
			spiking.Run, spiking.Median = append(spiking.Run, at[0]), append(spiking.Median, median)
			spiking.Worst = max(spiking.Worst, slices.Max(at)/median)
		}
		all = append(all, spiking)
	}
	return all, nil
}

// Draw shows the run, the median and the root mean square, and says where the rate lies between the limits.
func (p *Spiking) Draw(limits *Limits) (fig *figure.Figure, words string) {
	mustGive("limits", limits)
	const least, most = 0.01, 1e8
	within := func(v []float64) []float64 {
		return figure.Each(v, func(x float64) float64 { return min(max(x, least/10), 10*most) })
	}
	where := "above gradient descent's limit: not even the mean of θ converges"
	switch {
	case p.Rate < limits.MeanSquare:
		where = "below the mean-square limit: the root mean square levels off"
	case p.Rate < limits.AlmostSure.Value:
		where = "between the mean-square and the almost-sure limit: a typical run spikes but does not run away, while the root mean square grows without end"
	case p.Rate < limits.GD:
		where = "above the almost-sure limit, below gradient descent's: gradient descent converges, SGD goes away"
	}
	return figure.New(fmt.Sprintf("SGD at η = %.3g", p.Rate), figure.X("step t"), figure.LogY("‖θ_t − θ*‖").Range(least, most)).
		Line("one run", p.Step, within(p.Run)).Line("median of the runs", p.Step, within(p.Median)).
		Theory("root mean square, theory", p.Step, within(p.MeanSquare)).HLine(p.MeanSquare[0], "start"), fmt.Sprintf("η = %.3g lies %s.", p.Rate, where)
}
