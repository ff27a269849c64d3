package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// SpectralSettings are those of MeasureSpectralBias.
type SpectralSettings struct {
	Waves  []int // periods on [0, 1] of the cosines that are added up to the target, each of height 1
	Points int   // examples, in the middles of as many equal parts of [0, 1]
	Width  int   // hidden units
	Rate   float64
	Steps  int // of gradient descent on all examples
	Seeds  int
}

// Spectral (claim W1) is which part of each cosine nets have learned over the steps of gradient descent.
type Spectral struct {
	Settings SpectralSettings
	Step     []int
	Learned  [][]stat.Interval // [waves][records] over seeds: the net's coefficient of the cosine, 1 when it is learned
	Linear   [][]float64       // [waves][records], the mean over seeds: theory, each net linearized at its start
	// Half is the first recorded step at which half is learned, [waves]: the median over seeds, with the least and the greatest; +Inf: never.
	Half   []stat.Interval
	nets   []*relu.Net // of the first seed, at each record
	starts []*relu.Net // of all seeds
}

// MeasureSpectralBias (claim W1) trains nets on a sum of cosines. It is an error when a setting cannot be, and when a run fails or diverges.
func MeasureSpectralBias(ctx context.Context, settings SpectralSettings) (*Spectral, error) {
	if err := counts("Points", settings.Points, "Width", settings.Width, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	if len(settings.Waves) == 0 {
		return nil, errors.New("Waves is empty: give at least one number of periods")
	}
	xs, ys := points(settings.target(), settings.Points, 0.5)
	nets, err := netsOn(problem.NewPoints(xs, ys), shallow([]int{settings.Width}))
	if err != nil {
		return nil, err
	}
	c := train.Config{LearningRate: settings.Rate, Steps: settings.Steps, Stride: max(1, settings.Steps/400)}
	histories, err := lesson{nets: nets, rule: "SGD", record: train.Record{Params: true}, config: c, start: problem.SpreadElbows([]float64{0, 1}),
		seeds: settings.Seeds}.run(ctx)
	if err != nil {
		return nil, err
	}
	s := &Spectral{Settings: settings, Step: histories[0][0].Step}
	outputs := make([][][]float64, settings.Seeds) // [seeds][records][points]
	for seed, h := range histories[0] {
		if step, diverged := h.Diverged(); diverged {
			return nil, fmt.Errorf("training diverged at step %d: choose a rate below %g", step, settings.Rate)
		}
		for r, theta := range h.Params {
			net, err := relu.FromTheta(theta, nets[0].Sizes...)
			if err != nil {
				return nil, err
			}
			outputs[seed] = append(outputs[seed], figure.Column(xs, net.At))
			if seed == 0 {
				s.nets = append(s.nets, net)
			}
			if r == 0 {
				s.starts = append(s.starts, net)
			}
		}
	}
	if err := s.learned(xs, outputs); err != nil {
		return nil, err
	}
	for range settings.Waves {
		s.Linear = append(s.Linear, make([]float64, len(s.Step)))
	}
	for _, start := range s.starts {
		if err := s.linearize(start, xs, ys); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// target is the sum of the cosines.
func (s SpectralSettings) target() problem.Target {
	return problem.Target{Name: "cosines", Lo: 0, Hi: 1, F: func(x float64) (y float64) {
		for _, k := range s.Waves {
			y += math.Cos(2 * math.Pi * float64(k) * x)
		}
		return y
	}}
}

// part is the coefficient of a cosine in values at xs, which are spread evenly.
func part(wave int, xs, values []float64) (sum float64) {
	for i, x := range xs {
		sum += 2 / float64(len(xs)) * values[i] * math.Cos(2*math.Pi*float64(wave)*x)
	}
	return sum
}

// learned measures the parts from the outputs [seeds][records][points].
func (s *Spectral) learned(xs []float64, outputs [][][]float64) error {
	for _, wave := range s.Settings.Waves {
		var over []stat.Interval
		half := make([]float64, len(outputs))
		for seed := range half {
			half[seed] = math.Inf(1)
		}
		for r, step := range s.Step {
			var parts []float64
			for seed, at := range outputs {
				parts = append(parts, part(wave, xs, at[r]))
				if parts[seed] >= 0.5 {
					half[seed] = min(half[seed], float64(step))
				}
			}
			mean, err := stat.MeanOverRuns(parts, Confidence)
			if err != nil {
				return err
			}
			over = append(over, mean)
		}
		s.Learned, s.Half = append(s.Learned, over), append(s.Half, Spread(half, 0))
	}
	return nil
}

// linearize adds what is predicted from a start, over the number of starts. For a net that is linear in θ − θ₀ with the Jacobian J on the n points, gradient descent
// multiplies the residual by I − (η/n)JJᵀ at each step: along each eigenvector of JJᵀ/n, of eigenvalue λ, by 1 − ηλ.
func (s *Spectral) linearize(start *relu.Net, xs, ys []float64) error {
	n := len(xs)
	jacobian := start.Jacobian(mat.NewDense(n, 1, xs))
	var kernel mat.SymDense
	kernel.SymOuterK(1/float64(n), jacobian)
	var eigen mat.EigenSym
	if !eigen.Factorize(&kernel, true) {
		return errors.New("the kernel's eigenvalues cannot be computed")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	residual := mat.NewVecDense(n, nil)
	for i, x := range xs {
		residual.SetVec(i, start.At(x)-ys[i])
	}
	var along mat.VecDense
	along.MulVec(vectors.T(), residual)
	for r, step := range s.Step {
		left := mat.NewVecDense(n, nil)
		for i, lambda := range eigen.Values(nil) {
			left.SetVec(i, along.AtVec(i)*math.Pow(1-s.Settings.Rate*lambda, float64(step)))
		}
		var now mat.VecDense
		now.MulVec(&vectors, left)
		for k, wave := range s.Settings.Waves {
			s.Linear[k][r] += (1 + part(wave, xs, now.RawVector().Data)) / float64(len(s.starts))
		}
	}
	return nil
}

// String says when half of each cosine is learned.
func (s *Spectral) String() (words string) {
	after := func(step float64) string {
		if math.IsInf(step, 1) {
			return fmt.Sprintf("more than %d", s.Settings.Steps)
		}
		return fmt.Sprintf("%.0f", step)
	}
	for k, wave := range s.Settings.Waves {
		h := s.Half[k]
		words += fmt.Sprintf("%s: half is learned after %s steps (median over the starts; %s to %s)\n",
			periods(wave), after(h.Value), after(h.Low), after(h.High))
	}
	return words[:len(words)-1]
}

func periods(n int) string {
	if n == 1 {
		return "1 period"
	}
	return fmt.Sprintf("%d periods", n)
}

// Draw (claim W1) draws the parts that are learned, at steps that grow by a factor of 1.4 or more, and theory as lines: lines of both would hide each other.
func (s *Spectral) Draw() *figure.Figure {
	fig := figure.New("What is learned when", figure.LogX("steps of gradient descent"), figure.Y("coefficient of the wave in the net").Range(-0.1, 1.4))
	first := 1 // the logarithm has no step 0
	var steps []int
	learned := make([][]stat.Interval, len(s.Settings.Waves))
	for r := first; r < len(s.Step); r++ {
		if n := len(steps); n > 0 && float64(s.Step[r]) < 1.4*float64(steps[n-1]) {
			continue
		}
		steps = append(steps, s.Step[r])
		for k := range learned {
			learned[k] = append(learned[k], s.Learned[k][r])
		}
	}
	for k, wave := range s.Settings.Waves {
		fig.ConfidenceIntervals(periods(wave), steps, learned[k])
	}
	for _, linear := range s.Linear {
		fig.Theory("theory: linearized net", s.Step[first:], linear[first:])
	}
	return fig
}

// DrawAt (claim W1) draws the first seed's net at the last record not after the step, and the target.
func (s *Spectral) DrawAt(step int) *figure.Figure {
	r := 0
	for r+1 < len(s.Step) && s.Step[r+1] <= step {
		r++
	}
	return figure.New(fmt.Sprintf("After %d steps", s.Step[r]), figure.X("x").Range(0, 1), figure.Y("f(x)").Range(-3.5, 3.5)).
		Theory("target", nil, s.Settings.target().F).Line("net", nil, s.nets[r].At)
}
