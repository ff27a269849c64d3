package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"

	"descent.example/pkg/problem"
)

// Staircase is a net of one hidden layer of saturating units, written down (claim N7): d steps on a target, each a unit that
// rises at the step's edge, so much the steeper the greater steepness is. Steps follow the target's values in the middle of d+1 pieces.
func Staircase(target problem.Target, d int, steepness float64, activation problem.Activation) (func(x float64) float64, error) {
	if err := counts("d", d); err != nil {
		return nil, err
	}
	if activation == problem.ReLU {
		return nil, fmt.Errorf("activation is ReLU: a staircase needs one that saturates, tanh or sigmoid")
	}
	net, err := problem.NewRegression([]int{d}, []float64{0}, []float64{0})
	if err != nil {
		return nil, err
	}
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
	return func(x float64) float64 { return net.Output(theta, []float64{x})[0] }, nil
}

// Learner is what nets of one non-linearity learn at several rates (claim N7).
type Learner struct {
	Activation       problem.Activation
	Rate             []float64
	Median, Low, Top []float64 // of the root mean square errors over seeds: median and quartiles; NaN where a run diverged
	Best             func(x float64) float64
}

// BestRate is the index of the rate with the least median.
func (l *Learner) BestRate() int {
	best := 0
	for i, m := range l.Median {
		if !(l.Median[best] <= m) && !math.IsNaN(m) {
			best = i
		}
	}
	return best
}

// Compare trains nets of one hidden layer with each non-linearity at each rate.
func Compare(ctx context.Context, backend compute.Backend, target problem.Target, width int, rates []float64, steps, seeds int) ([]*Learner, error) {
	if err := counts("width", width, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	var all []*Learner
	var pupils []Pupil
	for _, a := range problem.Activations() {
		all, pupils = append(all, &Learner{Activation: a, Rate: rates}), append(pupils, Pupil{[]int{width}, a})
	}
	best := make([]float64, len(all))
	for _, rate := range rates {
		lesson := Lesson{Target: target, Rate: rate, Steps: steps}
		taught, err := lesson.Teach(ctx, backend, pupils, seeds, nil)
		if err != nil {
			return nil, err
		}
		for i, l := range all {
			net, err := lesson.net(pupils[i])
			if err != nil {
				return nil, err
			}
			var errors []float64
			for _, h := range taught[i] {
				off, err := lesson.Error(pupils[i], h)
				if err != nil {
					return nil, err
				}
				if errors = append(errors, off); !math.IsNaN(off) && (l.Best == nil || off < best[i]) {
					best[i], l.Best = off, func(x float64) float64 { return net.Output(h.Final, []float64{x})[0] }
				}
			}
			if slices.ContainsFunc(errors, math.IsNaN) {
				errors = []float64{math.NaN()}
			}
			l.Low, l.Median, l.Top = append(l.Low, Quantile(errors, 0.25)), append(l.Median, Quantile(errors, 0.5)), append(l.Top, Quantile(errors, 0.75))
		}
	}
	return all, nil
}
