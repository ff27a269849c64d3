package lecture

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Averaging (claim S9) compares SGD's last iterate with Polyak and Ruppert's average of all iterates.
type Averaging struct {
	Rate                            float64 // η₀
	Step                            []int
	Last, Average                   []stat.Interval // measured E‖· − θ*‖²; none if a run diverged
	PredictedLast, PredictedAverage []float64       // by theory, exact
	Ruppert                         []float64       // what the average goes to, whatever the rate
	Diverged                        int             // runs that did
	Seeds                           int             // of all
}

// String says in a sentence where the last iterate and the average end.
func (a *Averaging) String() string {
	if a.Diverged > 0 {
		return fmt.Sprintf("%d of %d runs diverged; there is nothing to average.", a.Diverged, a.Seeds)
	}
	end := len(a.Step) - 1
	average := fmt.Sprintf("%.1e", a.Average[end].Value)
	if half := (a.Average[end].High - a.Average[end].Low) / 2; half > 0 {
		average += fmt.Sprintf(" ± %.1e", half)
	}
	return fmt.Sprintf("last iterate %.1e (theory %.1e).  Average %s (theory %.1e, limit %.1e).",
		a.Last[end].Value, a.PredictedLast[end], average, a.PredictedAverage[end], a.Ruppert[end])
}

// DrawAveraging shows the last iterates of each rate at which no run diverged, and the averages as multiples of the limit to which they go. The
// rates take turns at the records, so that their intervals do not cover each other. It is an error when there is no such rate.
func DrawAveraging(all []*Averaging) (*figure.Figure, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(a *Averaging) bool { return a.Diverged > 0 })
	if len(all) == 0 {
		return nil, errors.New("runs diverged at every rate: give smaller ones")
	}
	last := figure.New("The last iterate θ_t (lines: theory)", figure.LogX("step t"), figure.LogY("mean squared distance to θ*"))
	average := figure.New("The average of the iterates (lines: theory)", figure.LogX("step t"), figure.Y("mean squared distance ÷ its limit")).HLine(1, "the limit, whatever η₀")
	for i, a := range all {
		var steps []int
		var lasts, averages []stat.Interval
		relative := make([]float64, len(a.Step))
		turn := 0
		next := 0.0
		for k, t := range a.Step {
			relative[k] = a.PredictedAverage[k] / a.Ruppert[k]
			if float64(t) < next {
				continue
			}
			if next = 1.12 * float64(t); turn%len(all) == i {
				steps, lasts, averages = append(steps, t), append(lasts, a.Last[k]), append(averages, a.Average[k].Scaled(1/a.Ruppert[k]))
			}
			turn++
		}
		name := fmt.Sprintf("η₀ = %g", a.Rate)
		last.Line(name, a.Step, a.PredictedLast).ConfidenceIntervals(name, steps, lasts)
		average.Line(name, a.Step, relative).ConfidenceIntervals(name, steps, averages)
	}
	return figure.Row(last, average), nil
}

// FullSteps says how far gradient descent on all examples comes in that number of steps at its best rate, by theory.
func (s *Study) FullSteps(steps int) string {
	mustGive("study", s)
	n := len(s.Targets)
	eta, _ := theory.OptimalRate(s.Descent.Lambda[0], s.Descent.Lambda[len(s.Descent.Lambda)-1])
	distance := 0.0
	for i, c := range s.Descent.Components(s.Start) {
		c *= math.Pow(theory.Factor(eta, s.Descent.Lambda[i]), float64(steps))
		distance += c * c
	}
	return fmt.Sprintf("By theory %d steps of gradient descent at its best rate, on all %d examples (%d in all), leave a squared distance of %.1e.", steps, n, steps*n, distance)
}

// AveragingSettings are those of MeasureAveraging.
type AveragingSettings struct {
	Batch int       // examples in a batch, drawn with replacement
	Rates []float64 // η₀
	Tau   float64   // τ, in steps
	Power float64   // p
	Steps int       // of each run
	Seeds int       // runs at each rate
}

// MeasureAveraging (claim S9) runs SGD under η₀/(1+t/τ)^p, and averages from a tenth of the steps on. It is an error when a setting
// cannot be, and when a run fails.
func MeasureAveraging(ctx context.Context, s *Study, settings AveragingSettings) ([]*Averaging, error) {
	steps := settings.Steps
	sgd, sampler, err := s.batches(settings.Batch)
	if err != nil {
		return nil, err
	}
	from := max(1, steps/10)
	rule, err := optim.With(optim.GD(), optim.Average(from))
	if err != nil {
		return nil, err
	}
	t, err := newTrainer(s.LeastSquares, rule, train.Record{Params: true, Variables: []string{averaged}})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var setups []setup
	for _, rate := range settings.Rates {
		eta, err := InverseTime(rate, settings.Tau, settings.Power)
		if err != nil {
			return nil, err
		}
		setups = append(setups, setup{trainer: t, config: train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Stride: max(1, steps/60)}})
	}
	histories, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	var all []*Averaging
	for i, rate := range settings.Rates {
		a := &Averaging{Seeds: settings.Seeds, Rate: rate, Diverged: diverged(histories[i])}
		all = append(all, a)
		if a.Diverged > 0 {
			continue
		}
		if err := a.measure(histories[i], from, sgd); err != nil {
			return nil, err
		}
		eta := setups[i].config.Schedule.At
		a.PredictedLast = a.at(sgd.Moments(eta, s.Start, steps))
		a.PredictedAverage = a.at(sgd.AverageMoments(eta, s.Start, from, steps))
	}
	return all, nil
}

// averaged is the optimizer's variable that holds the average.
const averaged = "optimizers/average/theta"

// measure computes the distances of the runs, and what the average goes to, at the records after the averaging began.
func (a *Averaging) measure(runs []*train.History, from int, sgd *theory.SGD) (err error) {
	for k, t := range runs[0].Step {
		if t <= from {
			continue
		}
		var last, average []float64
		for _, h := range runs {
			last = append(last, squared(h.Params[k], sgd.Optimum))
			average = append(average, squared(h.Variables[averaged][k], sgd.Optimum))
		}
		l, err := stat.MeanOverRuns(last, Confidence)
		if err != nil {
			return err
		}
		m, err := stat.MeanOverRuns(average, Confidence)
		if err != nil {
			return err
		}
		a.Step, a.Last, a.Average = append(a.Step, t), append(a.Last, l), append(a.Average, m)
		a.Ruppert = append(a.Ruppert, mat.Trace(sgd.PolyakRuppert(t-from+1)))
	}
	return nil
}

// at picks the squared distances at the recorded steps.
func (a *Averaging) at(moments iter.Seq2[int, theory.Moments]) (distances []float64) {
	for t, m := range moments {
		if k := len(distances); k < len(a.Step) && t == a.Step[k] {
			distances = append(distances, m.SquaredDistance)
		}
	}
	return distances
}
