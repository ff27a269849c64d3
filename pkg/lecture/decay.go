package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Decay (claim S9) is SGD under η_t = η₀/(1+t/τ)^p.
type Decay struct {
	Power    float64
	Step     []int           // about 30 of them, at equal ratios
	Distance []stat.Interval // measured E‖θ_t − θ*‖² over seeds; none if a run diverged
	// Predicted is the same by theory, exact.
	Predicted []float64
	// Slope is that of Distance on log-log axes over the last factor of ten of the steps, with the interval over seeds
	// (jackknife); Exact that of Predicted over the same steps, and Limit the one of theory for t → ∞.
	Slope        stat.Interval
	Exact, Limit float64
	Diverged     int // runs that did
}

// DecaySettings are those of MeasureDecay.
type DecaySettings struct {
	Batch  int       // examples in a batch, drawn with replacement
	Rate   float64   // η₀
	Tau    float64   // τ, in steps
	Powers []float64 // p
	Steps  int       // of each run
	Seeds  int       // runs for each power
}

// DrawDecays adds what was measured and predicted to a figure, and returns the number of powers under which no run diverged: it adds
// no others.
func DrawDecays(fig *figure.Figure, decays []*Decay) (drawn int) {
	for _, d := range decays {
		if d.Diverged == 0 {
			name := fmt.Sprintf("p = %g", d.Power)
			fig.Theory("theory, exact", d.Step, d.Predicted).ConfidenceBand(name, d.Step, d.Distance).Points(name, d.Step, d.Distance)
			drawn++
		}
	}
	return drawn
}

// JudgeRate says whether the first rate lies below the limit up to which SGD's mean square has bounds. It is an error when b is not
// positive.
func (s *Study) JudgeRate(b int, eta0 float64) (string, error) {
	sgd, err := s.SGD(b)
	if err != nil {
		return "", err
	}
	if eta0 < sgd.Threshold {
		return fmt.Sprintf("The first rate, %g, is below the limit of SGD's mean square, %.2f: the mean squared distance stays bounded at every power p ≥ 0.", eta0, sgd.Threshold), nil
	}
	return fmt.Sprintf("The first rate, %g, is above the limit of SGD's mean square, %.2f: the error grows until the rate has come down to it, if it ever does.",
		eta0, sgd.Threshold), nil
}

// DecayTable is a row for each power, for lab.Table. seeds is the number of its runs.
func DecayTable(decays []*Decay, seeds int) (header []string, rows [][]string) {
	word := map[bool]string{true: "yes", false: "no"}
	for _, d := range decays {
		row := []string{fmt.Sprintf("%g", d.Power), word[d.Power <= 1], word[d.Power > 0.5]}
		if d.Diverged > 0 {
			row = append(row, fmt.Sprintf("%d of %d runs diverged", d.Diverged, seeds), "–", "–", "–")
		} else {
			row = append(row, fmt.Sprintf("%.2f", d.Slope), fmt.Sprintf("%.2f", d.Exact), fmt.Sprintf("%.2f", d.Limit),
				fmt.Sprintf("%.1e", d.Predicted[len(d.Step)-1]))
		}
		rows = append(rows, row)
	}
	return []string{"$p$", "$\\sum\\eta_t=\\infty$", "$\\sum\\eta_t^2<\\infty$", "slope measured (95 %)", "slope, exact",
		"slope for $t\\to\\infty$", "end, exact"}, rows
}

// InverseTime is schedule.InverseTime, and a constant rate for power 0. It is an error when eta0 or tau is not positive, or power is
// negative.
func InverseTime(eta0, tau, power float64) (schedule.Schedule, error) {
	if power == 0 {
		return schedule.Constant(eta0)
	}
	return schedule.InverseTime(eta0, tau, power)
}

// MeasureDecay (claim S9) runs SGD from the study's start, for each power. It is an error when a setting cannot be, when there are
// too few steps to see a slope, and when a run fails.
func MeasureDecay(ctx context.Context, s *Study, settings DecaySettings) ([]*Decay, error) {
	steps := settings.Steps
	sgd, sampler, err := s.batches(settings.Batch)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	stride := max(1, steps/1000)
	var setups []setup
	for _, p := range settings.Powers {
		eta, err := InverseTime(settings.Rate, settings.Tau, p)
		if err != nil {
			return nil, err
		}
		setups = append(setups, setup{trainer: t, config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: stride}})
	}
	histories, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	var decays []*Decay
	for i, p := range settings.Powers {
		d := &Decay{Power: p, Limit: -theory.DecayExponent(p, settings.Rate, settings.Tau, sgd.Lambda[0]), Diverged: diverged(histories[i])}
		decays = append(decays, d)
		exact := make(map[int]float64)
		for t, m := range sgd.Moments(setups[i].config.Schedule.At, s.Start, steps) {
			exact[t] = m.SquaredDistance
		}
		records := spaced(steps / stride)
		for _, k := range records {
			d.Step, d.Predicted = append(d.Step, k*stride), append(d.Predicted, exact[k*stride])
		}
		if d.Diverged > 0 {
			continue
		}
		if err := d.measure(histories[i], records, sgd.Optimum); err != nil {
			return nil, err
		}
	}
	return decays, nil
}

// spaced are records from 1 to the last, at equal ratios.
func spaced(last int) (records []int) {
	for t := 1.0; ; t *= 1.3 {
		k := min(int(math.Round(t)), last)
		if len(records) == 0 || k > records[len(records)-1] {
			records = append(records, k)
		}
		if k == last {
			return records
		}
	}
}

// measure computes the distances of the runs at the records, and their slope.
func (d *Decay) measure(runs []*train.History, records []int, optimum []float64) error {
	squares := make([][]float64, len(runs)) // [seeds][records]
	for j, h := range runs {
		for _, k := range records {
			squares[j] = append(squares[j], squared(h.Params[k], optimum))
		}
	}
	for k := range records {
		values := make([]float64, len(runs))
		for j := range runs {
			values[j] = squares[j][k]
		}
		mean, err := stat.MeanOverRuns(values, Confidence)
		if err != nil {
			return err
		}
		d.Distance = append(d.Distance, mean)
	}
	steps := d.Step[len(d.Step)-1]
	from := slices.IndexFunc(d.Step, func(t int) bool { return t >= steps/10 })
	if len(d.Step)-from < 3 {
		return fmt.Errorf("Steps is %d: give at least 100 to see a slope", steps)
	}
	var err error
	if d.Exact, err = slope(d.Step[from:], d.Predicted[from:]); err != nil {
		return err
	}
	d.Slope, err = meanSlope(d.Step[from:], squares, from)
	return err
}

// slope is that of a fit on log-log axes.
func slope(steps []int, values []float64) (float64, error) {
	xs := make([]float64, len(steps))
	for i, t := range steps {
		xs[i] = float64(t)
	}
	law, err := stat.FitPowerLaw(xs, values, Confidence)
	return law.Exponent.Value, err
}

// meanSlope is the slope of the mean over runs of their values at the records from a certain one on, and its interval:
// a fit's own interval would be wrong, because the records of a run depend on each other, so the runs are left out in turn
// (jackknife).
func meanSlope(steps []int, runs [][]float64, from int) (stat.Interval, error) {
	n := len(runs)
	total := make([]float64, len(steps))
	for _, run := range runs {
		floats.Add(total, run[from:])
	}
	all, err := slope(steps, total)
	if err != nil || n == 1 {
		return stat.Interval{Value: all, Low: all, High: all}, err
	}
	pseudo := make([]float64, n)
	for i, run := range runs {
		without, err := slope(steps, floats.SubTo(make([]float64, len(total)), total, run[from:]))
		if err != nil {
			return stat.Interval{}, err
		}
		pseudo[i] = float64(n)*all - float64(n-1)*without
	}
	return stat.Mean(pseudo, Confidence)
}
