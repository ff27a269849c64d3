package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Staircase (claim N7) is a net of one hidden layer of saturating units, written down: d steps on a target, each a unit that rises at
// the step's edge, the steeper the greater steepness is. Steps follow the target's values in the middle of d+1 pieces. It is an error
// when d is not between 1 and 2^20, when the activation does not saturate, and when a weight would not be a finite number.
func Staircase(target problem.Target, d int, steepness float64, activation problem.Activation) (func(x float64) float64, error) {
	if err := counts("d", d); err != nil {
		return nil, err
	}
	if activation == problem.ReLU {
		return nil, fmt.Errorf("activation is ReLU: a staircase needs one that saturates, tanh or sigmoid")
	}
	net := hidden(d)
	net.Activation = activation
	h := (target.Hi - target.Lo) / float64(d+1)
	value := func(k int) float64 { return target.F(target.Lo + (float64(k)+0.5)*h) }
	k, low, rise := steepness/h, 0.0, 1.0
	if activation == problem.Tanh { // from −1 to 1, and σ(z) = (1 + tanh(z/2))/2
		k, low, rise = k/2, -1, 2
	}
	biases, weights, out := make([]float64, d), make([]float64, d), make([]float64, d)
	constant := value(0)
	for j := range d {
		edge := target.Lo + float64(j+1)*h
		weights[j], biases[j] = k, -k*edge
		out[j] = (value(j+1) - value(j)) / rise
		constant -= low * out[j]
	}
	theta := append(append(biases, weights...), append([]float64{constant}, out...)...)
	if i := slices.IndexFunc(theta, func(w float64) bool { return !(math.Abs(w) <= math.MaxFloat64) }); i >= 0 {
		return nil, fmt.Errorf("steepness is %v: with it a weight of the net is %v on this target; give finite numbers, and smaller ones", steepness, theta[i])
	}
	return func(x float64) float64 { return net.Output(theta, []float64{x})[0] }, nil
}

// WrittenDown (claim N7) are the greatest errors of nets that were written down: of elbows through the target, and of Staircases.
type WrittenDown struct {
	Units         []float64
	ReLU, Sigmoid []float64
	Apart         float64 // the greatest difference of a staircase of sigmoids and one of tanhs
}

// WriteDown (claim N7) writes down nets of each number of units. It is an error when a number of units is not between 1 and 2^20,
// and when the steepness or a value of the target is not finite, or too great.
func WriteDown(target problem.Target, units []int, steepness float64) (*WrittenDown, error) {
	w := new(WrittenDown)
	for _, d := range units {
		elbows, err := relu.Uniform(target.F, target.Lo, target.Hi, d)
		if err != nil {
			return nil, err
		}
		sigmoids, err := Staircase(target, d, steepness, problem.Sigmoid)
		if err != nil {
			return nil, err
		}
		tanhs, err := Staircase(target, d, steepness, problem.Tanh)
		if err != nil {
			return nil, err
		}
		off := func(f func(x float64) float64) float64 { return MaxDifference(f, target.F, target.Lo, target.Hi) }
		w.Units = append(w.Units, float64(d))
		w.ReLU, w.Sigmoid = append(w.ReLU, max(off(elbows.At), 1e-12)), append(w.Sigmoid, off(sigmoids)) // positive, for a logarithm
		w.Apart = max(w.Apart, MaxDifference(sigmoids, tanhs, target.Lo, target.Hi))
		if worst := max(w.ReLU[len(w.ReLU)-1], w.Sigmoid[len(w.Sigmoid)-1], w.Apart); !(worst <= math.MaxFloat64) {
			return nil, fmt.Errorf("the target differs from a net by %v: give a target whose values are finite", worst)
		}
	}
	return w, nil
}

// DrawActivations (claims N7, N8) draws At or Slope of every activation from −most to most.
func DrawActivations(title, y string, most float64, of func(problem.Activation, float64) float64) *figure.Figure {
	fig := figure.New(title, figure.X("z").Range(-most, most), figure.Y(y))
	for _, a := range problem.Activations() {
		fig.Line(a.String(), nil, func(z float64) float64 { return of(a, z) })
	}
	return fig
}

// RateSettings are those of CompareActivations and CountDead: Training at several rates.
type RateSettings struct {
	Target problem.Target
	Width  int       // hidden units, in one layer
	Rates  []float64 // of Adam at first; 0 at the end
	Steps  int       // of each run
	Seeds  int       // runs at each rate
	// Start is where the nets begin; nil: problem.SpreadElbows, over the target's interval.
	Start problem.Initializer
}

// training is the training at a rate that is still to be given.
func (s RateSettings) training() Training {
	return Training{Target: s.Target, Steps: s.Steps, Seeds: s.Seeds, Start: s.Start}
}

// ActivationScore (claim N7) is what nets of one non-linearity learn at several rates.
type ActivationScore struct {
	Activation problem.Activation
	Rate       []float64
	Errors     []stat.Interval // root mean square over the first seeds, median and quartiles; NaN where a run diverged
	// Again is the same at the best rate, over as many other seeds; NaN where a run diverged.
	Again  stat.Interval
	Median func(x float64) float64 // the net of the median error among those; nil where a run diverged
}

// String names the best rate, with the median error over the seeds that chose it and over the others.
func (s *ActivationScore) String() string {
	if s.Median == nil {
		return fmt.Sprintf("%s: a run diverged at every rate.", s.Activation)
	}
	k := s.BestRate()
	return fmt.Sprintf("%s: best at the rate %g, with the median error %.2g; over other seeds it is %.2g (quartiles %.2g and %.2g).",
		s.Activation, s.Rate[k], s.Errors[k].Value, s.Again.Value, s.Again.Low, s.Again.High)
}

// DrawRates (claim N7) draws the errors over the rates, of the seeds that choose.
func DrawRates(all []*ActivationScore) *figure.Figure {
	fig := figure.New("How the rate was chosen", figure.LogX("Adam's first rate"), figure.LogY("error of the starts that choose"))
	for k, s := range all {
		beside := figure.Column(s.Rate, func(rate float64) float64 { return rate * math.Pow(1.15, float64(k-1)) }) // not over each other
		fig.ConfidenceIntervals(s.Activation.String(), beside, s.Errors)
	}
	return fig
}

// DrawResiduals (claim N7) draws what the nets of the median errors are off the target.
func DrawResiduals(target problem.Target, all []*ActivationScore) *figure.Figure {
	fig := figure.New("Net − target, at the best rate", figure.X("x").Range(target.Lo, target.Hi), figure.Y("net − target"))
	for _, s := range all {
		if s.Median != nil {
			fig.Line(s.Activation.String(), nil, func(x float64) float64 { return s.Median(x) - target.F(x) })
		}
	}
	return fig
}

// BestRate is the index of the rate with the least median.
func (s *ActivationScore) BestRate() int { return leastOf(s.Errors) }

// CompareActivations (claim N7) trains nets of one hidden layer with each non-linearity at each rate, picks the best rate of each, and
// trains there again from as many other seeds. It is an error when a setting cannot be, and when a run fails.
func CompareActivations(ctx context.Context, settings RateSettings) ([]*ActivationScore, error) {
	if len(settings.Rates) == 0 {
		return nil, errors.New("there are no Rates: give at least one")
	}
	if err := counts("Width", settings.Width); err != nil {
		return nil, err
	}
	var all []*ActivationScore
	for _, a := range problem.Activations() {
		s := &ActivationScore{Activation: a, Rate: settings.Rates}
		model := hidden(settings.Width)
		model.Activation = a
		training := settings.training()
		histories, err := training.runVariants(ctx, model, train.Record{}, variantsAt(settings.Rates))
		if err != nil {
			return nil, err
		}
		for _, runs := range histories {
			s.Errors = append(s.Errors, Spread(training.errors(model, runs), 0.25))
		}
		training.Before = settings.Seeds
		again, err := training.runVariants(ctx, model, train.Record{}, variantsAt(s.Rate[s.BestRate():][:1]))
		if err != nil {
			return nil, err
		}
		off := training.errors(model, again[0])
		if s.Again = Spread(off, 0.25); len(off) > 0 {
			theta := again[0][slices.Index(off, s.Again.Value)].Final
			s.Median = func(x float64) float64 { return model.Output(theta, []float64{x})[0] }
		}
		all = append(all, s)
	}
	return all, nil
}

// errors are those of runs, none where one of them diverged.
func (t Training) errors(model problem.MLP, runs []*train.History) []float64 {
	off := figure.Column(runs, func(h *train.History) float64 { return t.error(model, h) })
	if slices.ContainsFunc(off, math.IsNaN) {
		return nil
	}
	return off
}
