package lecture

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Decay is SGD under η_t = η₀/(1+t/τ)^p (claim S9).
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

// InverseTime is schedule.InverseTime, and a constant rate for power 0.
func InverseTime(eta0, tau, power float64) (schedule.Schedule, error) {
	if power == 0 {
		return schedule.Constant(eta0)
	}
	return schedule.InverseTime(eta0, tau, power)
}

// MeasureDecay runs SGD from the study's start with batches of b drawn with replacement, for each power.
func MeasureDecay(ctx context.Context, backend compute.Backend, s *Study, b int, powers []float64, eta0, tau float64, steps, seeds int) ([]*Decay, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	stride := max(1, steps/1000)
	var jobs []train.Job
	var schedules []schedule.Schedule
	for _, p := range powers {
		eta, err := InverseTime(eta0, tau, p)
		if err != nil {
			return nil, err
		}
		schedules = append(schedules, eta)
		for _, seed := range Seeds(seeds) {
			jobs = append(jobs, train.Job{Trainer: t, Config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: stride, Seed: seed}})
		}
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	var decays []*Decay
	for i, p := range powers {
		d := &Decay{Power: p, Limit: -theory.DecayExponent(p, eta0, tau, sgd.Lambda[0])}
		decays = append(decays, d)
		exact := make(map[int]float64)
		for t, m := range sgd.Moments(schedules[i].At, s.Start, steps) {
			exact[t] = m.SquaredDistance
		}
		var records []int
		for t := float64(stride); ; t *= 1.3 {
			k := min(int(math.Round(t/float64(stride))), steps/stride)
			if len(records) == 0 || k > records[len(records)-1] {
				records = append(records, k)
				d.Step = append(d.Step, k*stride)
				d.Predicted = append(d.Predicted, exact[k*stride])
			}
			if k == steps/stride {
				break
			}
		}
		runs := histories[i*seeds : (i+1)*seeds]
		squares := make([][]float64, len(runs)) // [seeds][records]
		for j, h := range runs {
			if _, diverged := h.Diverged(); diverged {
				d.Diverged++
				continue
			}
			for _, k := range records {
				squares[j] = append(squares[j], squared(h.Params[k], sgd.Optimum))
			}
		}
		if d.Diverged > 0 {
			continue
		}
		for k := range records {
			values := make([]float64, len(runs))
			for j := range runs {
				values[j] = squares[j][k]
			}
			mean, err := stat.MeanOverRuns(values, Confidence)
			if err != nil {
				return nil, err
			}
			d.Distance = append(d.Distance, mean)
		}
		from := 0
		for d.Step[from] < steps/10 {
			from++
		}
		if len(d.Step)-from < 3 {
			return nil, fmt.Errorf("steps is %d: give at least 100 to see a slope", steps)
		}
		if d.Exact, err = slope(d.Step[from:], d.Predicted[from:]); err != nil {
			return nil, err
		}
		if d.Slope, err = meanSlope(d.Step[from:], squares, from); err != nil {
			return nil, err
		}
	}
	return decays, nil
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
// as the records of a run depend on each other, a fit's own interval would be wrong, and the runs are left out in turn
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
