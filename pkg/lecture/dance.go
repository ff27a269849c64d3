package lecture

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Dance (claim S7) is SGD at a constant rate around the optimum.
type Dance struct {
	Rate      []float64
	Excess    []stat.Interval // measured E[L(θ_t)] − L(θ*), over seeds
	Predicted []float64       // exact, from the Lyapunov equation
	SmallRate []float64       // its limit for small η, ∝ η
	// Covariance is that of θ_t measured at each rate over all seeds, [2, 2], and Theory the exact one.
	Covariance, Theory []*mat.SymDense
}

// MeasureDance (claim S7) runs SGD from the optimum. The first tenth of a run is left out, and what follows is recorded every 20th
// step. It is an error when a setting cannot be, when a run fails or diverges, and when theory knows of no bound at a rate.
func MeasureDance(ctx context.Context, s *Study, grid Grid) (*Dance, error) {
	sgd, sampler, err := s.batches(grid.Batch)
	if err != nil {
		return nil, err
	}
	base := train.Config{Steps: grid.Steps, Stride: 20, Sampler: sampler, Start: map[string]any{"theta": s.Descent.Optimum}}
	histories, err := s.constant(ctx, base, grid)
	if err != nil {
		return nil, err
	}
	dance := &Dance{Rate: grid.Rates}
	for i, eta := range grid.Rates {
		stationary, err := sgd.Stationary(eta)
		if err != nil {
			return nil, err
		}
		d := len(s.Descent.Optimum)
		second, count := mat.NewSymDense(d, nil), 0
		excess := make([]float64, grid.Seeds)
		for k, h := range histories[i] {
			if step, diverged := h.Diverged(); diverged {
				return nil, fmt.Errorf("the run at η = %g with seed %d diverged at step %d: choose smaller rates", eta, k+1, step)
			}
			excess[k] = s.settled(h)
			for _, theta := range h.Params[len(h.Params)/10+1:] {
				offset := mat.NewVecDense(d, floats.SubTo(make([]float64, d), theta, s.Descent.Optimum))
				second.SymRankOne(second, 1, offset)
				count++
			}
		}
		second.ScaleSym(1/float64(count), second)
		measured, err := stat.MeanOverRuns(excess, Confidence)
		if err != nil {
			return nil, err
		}
		dance.Excess = append(dance.Excess, measured)
		dance.Predicted = append(dance.Predicted, sgd.ExcessLoss(stationary))
		dance.SmallRate = append(dance.SmallRate, sgd.ExcessLoss(sgd.SmallRate(eta)))
		dance.Covariance, dance.Theory = append(dance.Covariance, second), append(dance.Theory, stationary)
	}
	return dance, nil
}

// Draw shows the floor over the rates, beside theory.
func (d *Dance) Draw() *figure.Figure {
	return figure.New("The noise floor", figure.LogX("learning rate η"), figure.LogY("mean excess loss L(θ) − L(θ*)")).
		ConfidenceIntervals("measured", d.Rate, d.Excess).
		Theory("theory, exact", d.Rate, d.Predicted).Theory("theory, small η", d.Rate, d.SmallRate)
}

// Law says with which power of η the floor grows over the first k rates, measured and by exact theory. It is an error when k is not between
// 3 and the number of rates, and when no law can be fitted.
func (d *Dance) Law(k int) (string, error) {
	if err := given("dance", d); err != nil {
		return "", err
	}
	if k < 3 || k > len(d.Rate) {
		return "", fmt.Errorf("k is %d: it must be between 3 and the number of rates, %d", k, len(d.Rate))
	}
	values, _, _ := figure.Ends(d.Excess)
	measured, err := stat.FitPowerLaw(d.Rate[:k], values[:k], Confidence)
	if err != nil {
		return "", err
	}
	exact, err := stat.FitPowerLaw(d.Rate[:k], d.Predicted[:k], Confidence)
	if err != nil {
		return "", err
	}
	law := measured.Exponent
	return fmt.Sprintf("Floor ∝ η^%.2f for the %d smaller rates (95 %%: %s); exact theory: η^%.2f.", law.Value, k, law.Ends("%.2f"), exact.Exponent.Value), nil
}

// An Ellipse (claim S7) is a curve around the optimum, within which SGD stays a part of the time.
type Ellipse struct {
	X, Y   []float64
	inside func(theta []float64) bool
	excess float64 // the mean excess loss by theory
}

// StationaryEllipse (claim S7) is a number of standard deviations of the stationary covariance of SGD with batches of b at rate η. It is
// an error when b or sigmas cannot be, and when the covariance has no bound at the rate.
func StationaryEllipse(s *Study, b int, eta, sigmas float64) (*Ellipse, error) {
	sgd, err := s.SGD(b)
	if err != nil {
		return nil, err
	}
	covariance, err := sgd.Stationary(eta)
	if err != nil {
		return nil, err
	}
	major, minor, angle, err := theory.Ellipse(covariance, sigmas)
	if err != nil {
		return nil, err
	}
	e := &Ellipse{excess: sgd.ExcessLoss(covariance)}
	sin, cos := math.Sincos(angle)
	best := s.Descent.Optimum
	for k := range 121 {
		v, u := math.Sincos(2 * math.Pi * float64(k) / 120)
		e.X = append(e.X, best[0]+major*u*cos-minor*v*sin)
		e.Y = append(e.Y, best[1]+major*u*sin+minor*v*cos)
	}
	e.inside = func(theta []float64) bool {
		x, y := theta[0]-best[0], theta[1]-best[1]
		return math.Hypot((x*cos+y*sin)/major, (y*cos-x*sin)/minor) <= 1
	}
	return e, nil
}

// AnimateSteps shows the steps of two runs on two planes, one more in each frame.
func AnimateSteps(left, right *figure.Figure, first, second *train.History) *figure.Animation {
	mustGive("history", first, second)
	until := func(run *train.History, t int) [][]float64 { return run.Params[:min(t+1, len(run.Params))] }
	return figure.Animate(max(len(first.Params), len(second.Params)), 8, func(t int) *figure.Figure {
		return figure.Row(left.Copy().Trajectory("θ_t", until(first, t)), right.Copy().Trajectory("θ_t", until(second, t)))
	})
}

// DrawDance (claim S7) adds a run of SGD that began at the optimum to a Map of the study, with the ellipse of two standard deviations
// that theory gives, which holds 1 − e⁻² of a normal distribution, and says how much of the run it holds.
func (s *Study) DrawDance(plane *figure.Figure, run *train.History, b int, eta float64) (*figure.Figure, string) {
	mustGive("history", run)
	late := run.Params[len(run.Params)-min(30, len(run.Params)):]
	xs, ys := figure.Coordinate(late, 0), figure.Coordinate(late, 1)
	plane.Line("SGD", figure.Coordinate(run.Params, 0), figure.Coordinate(run.Params, 1)).
		Line("its last 30 steps", xs, ys).Points("its last 30 steps", xs, ys)
	ellipse, unbounded := StationaryEllipse(s, b, eta, 2)
	if unbounded == nil {
		plane.Theory("theory: two standard deviations", ellipse.X, ellipse.Y)
	}
	if t, diverged := run.Diverged(); diverged {
		return plane, fmt.Sprintf("At this rate the run diverged at step %d.", t)
	} else if unbounded != nil {
		return plane, fmt.Sprintf("At this rate theory knows no ellipse: %v.", unbounded)
	}
	excess := 0.0
	for _, theta := range run.Params {
		excess += s.height(theta) / float64(len(run.Params))
	}
	return plane, fmt.Sprintf("Inside the ellipse: %.0f %% of %d steps; of a normal distribution it holds %.0f %%. Mean excess loss: %.2g; theory for a long run: %.2g.",
		100*ellipse.Inside(run.Params[len(run.Params)/10:]), run.Step[len(run.Step)-1], 100*(1-math.Exp(-2)), excess, ellipse.excess)
}

// Inside is the part of a path's places that lie in the ellipse.
func (e *Ellipse) Inside(path [][]float64) float64 {
	count := 0
	for _, theta := range path {
		if e.inside(theta) {
			count++
		}
	}
	return float64(count) / float64(len(path))
}
