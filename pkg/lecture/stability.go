package lecture

import (
	"context"
	"math"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/sample"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Verdict is one rate under gradient descent and under SGD (claim S8).
type Verdict struct {
	Rate     float64
	GD       float64 // ‖θ_T − θ*‖ of gradient descent; +Inf where it diverged
	SGD      []float64
	Blown    int     // of the SGD runs, those that diverged or ended farther away than they began
	Expected float64 // √E‖θ_T − θ*‖² of SGD, exact; +Inf beyond the numbers
}

// CompareStability runs both from the same start at each rate, SGD with batches of b and so many seeds.
func CompareStability(ctx context.Context, backend compute.Backend, s *Study, b int, rates []float64, steps, seeds int) ([]Verdict, *theory.SGD, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, nil, err
	}
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
	if err != nil {
		return nil, nil, err
	}
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, nil, err
	}
	t, err := s.Trainer(backend, train.Record{})
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	base := train.Config{Steps: steps, Stride: steps}
	full, err := train.Sweep(ctx, t.Grid(base, rates, Seeds(1)), 0, nil)
	if err != nil {
		return nil, nil, err
	}
	base.Sampler = sampler
	noisy, err := train.Sweep(ctx, t.Grid(base, rates, Seeds(seeds)), 0, nil)
	if err != nil {
		return nil, nil, err
	}
	distance := func(h *train.History) float64 {
		if _, diverged := h.Diverged(); diverged {
			return math.Inf(1)
		}
		return floats.Distance(h.Final, s.Descent.Optimum, 2)
	}
	away := floats.Distance(s.Start, s.Descent.Optimum, 2)
	var verdicts []Verdict
	for i, eta := range rates {
		v := Verdict{Rate: eta, GD: distance(full[i])}
		for _, h := range noisy[i*seeds : (i+1)*seeds] {
			r := distance(h)
			v.SGD = append(v.SGD, r)
			if !(r < away) {
				v.Blown++
			}
		}
		for _, m := range sgd.Moments(func(int) float64 { return eta }, s.Start, steps) {
			v.Expected = math.Sqrt(m.SquaredDistance)
		}
		if math.IsNaN(v.Expected) {
			v.Expected = math.Inf(1)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, sgd, nil
}
