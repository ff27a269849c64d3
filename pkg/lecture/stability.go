package lecture

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
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

// DrawStability adds to a figure how far from the optimum the runs of each rate end, all those beyond 10¹² at 10¹².
func DrawStability(fig *figure.Figure, verdicts []Stability) {
	const far = 1e12
	var rates, ends []float64
	for _, v := range verdicts {
		for _, end := range v.SGD {
			rates, ends = append(rates, v.Rate), append(ends, min(end, far))
		}
	}
	rate := func(v Stability) float64 { return v.Rate }
	fig.Points("SGD, each run", rates, ends)
	fig.Line("GD", figure.Column(verdicts, rate), figure.Column(verdicts, func(v Stability) float64 { return max(v.GD, 1e-16) }))
	fig.Theory("SGD, root mean square in theory", figure.Column(verdicts, rate), figure.Column(verdicts, func(v Stability) float64 { return min(v.Expected, far) }))
}

// StabilityTable is where the runs of each rate end, for lab.Table.
func StabilityTable(verdicts []Stability) (header []string, rows [][]string) {
	text := func(distance float64) string {
		switch {
		case distance > 1e12:
			return "beyond 10¹²"
		case distance < 1e-13:
			return "rounding"
		}
		return fmt.Sprintf("%.1e", distance)
	}
	for _, v := range verdicts {
		rows = append(rows, []string{fmt.Sprintf("%.3f", v.Rate), text(v.GD), text(Quantile(v.SGD, 0.5)), text(Quantile(v.SGD, 0.95)),
			fmt.Sprintf("%d of %d", v.Blown, len(v.SGD))})
	}
	return []string{"$\\eta$", "GD ends at", "SGD, median", "SGD, 95 %", "farther than it began"}, rows
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
