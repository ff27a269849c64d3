package lecture

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/train"
)

// Stability (claim S8) is one rate under gradient descent and under SGD.
type Stability struct {
	Rate     float64
	GD       float64 // ‖θ_T − θ*‖ of gradient descent; +Inf where it diverged
	SGD      []float64
	Blown    int     // of the SGD runs, those that diverged or ended farther away than they began
	Expected float64 // √E‖θ_T − θ*‖² of SGD, exact; +Inf beyond the numbers
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
	away := floats.Distance(s.Start, s.Descent.Optimum, 2)
	var all []Stability
	for i, eta := range grid.Rates {
		v := Stability{Rate: eta, GD: distance(full[i][0])}
		for _, h := range noisy[i] {
			r := distance(h)
			v.SGD = append(v.SGD, r)
			if !(r < away) {
				v.Blown++
			}
		}
		v.Expected = math.Sqrt(last(sgd.Moments(func(int) float64 { return eta }, s.Start, grid.Steps)).SquaredDistance)
		if math.IsNaN(v.Expected) {
			v.Expected = math.Inf(1)
		}
		all = append(all, v)
	}
	return all, nil
}
