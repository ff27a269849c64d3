package lecture

import (
	"context"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Averaging compares SGD's last iterate with Polyak and Ruppert's average of all iterates (claim S9).
type Averaging struct {
	Rate                            float64 // η₀
	Step                            []int
	Last, Average                   []stat.Interval // measured E‖· − θ*‖²; none if a run diverged
	PredictedLast, PredictedAverage []float64       // by theory, exact
	Ruppert                         []float64       // what the average goes to, whatever the rate
	Diverged                        int
}

// MeasureAveraging runs SGD with batches of b under η₀/(1+t/τ)^p, and averages from a tenth of the steps on.
func MeasureAveraging(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, tau, power float64, steps, seeds int) ([]*Averaging, error) {
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
	from := max(1, steps/10)
	rule, err := optim.With(optim.GD(), optim.Average(from))
	if err != nil {
		return nil, err
	}
	const name = "optimizers/average/theta"
	t, err := train.New(backend, s.LeastSquares, rule, train.Record{Params: true, Variables: []string{name}})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	stride := max(1, steps/60)
	var jobs []train.Job
	var schedules []schedule.Schedule
	for _, rate := range rates {
		eta, err := InverseTime(rate, tau, power)
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
	var all []*Averaging
	for i, rate := range rates {
		a := &Averaging{Rate: rate}
		all = append(all, a)
		runs := histories[i*seeds : (i+1)*seeds]
		for _, h := range runs {
			if _, diverged := h.Diverged(); diverged {
				a.Diverged++
			}
		}
		if a.Diverged > 0 {
			continue
		}
		for k, t := range runs[0].Step {
			if t <= from {
				continue
			}
			var last, average []float64
			for _, h := range runs {
				last = append(last, squared(h.Params[k], sgd.Optimum))
				average = append(average, squared(h.Variables[name][k], sgd.Optimum))
			}
			l, err := stat.MeanOverRuns(last, Confidence)
			if err != nil {
				return nil, err
			}
			m, err := stat.MeanOverRuns(average, Confidence)
			if err != nil {
				return nil, err
			}
			a.Step, a.Last, a.Average = append(a.Step, t), append(a.Last, l), append(a.Average, m)
			a.Ruppert = append(a.Ruppert, mat.Trace(sgd.PolyakRuppert(t-from+1)))
		}
		k := 0
		for t, m := range sgd.Moments(schedules[i].At, s.Start, steps) {
			if k < len(a.Step) && t == a.Step[k] {
				a.PredictedLast = append(a.PredictedLast, m.SquaredDistance)
				k++
			}
		}
		k = 0
		for t, m := range sgd.AverageMoments(schedules[i].At, s.Start, from, steps) {
			if k < len(a.Step) && t == a.Step[k] {
				a.PredictedAverage = append(a.PredictedAverage, m.SquaredDistance)
				k++
			}
		}
	}
	return all, nil
}
