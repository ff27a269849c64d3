package lecture

import (
	"context"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Motion is how θ moves along one eigen-direction at a constant rate (claim S10).
type Motion struct {
	Lambda   float64
	Position []float64 // of θ_t along the direction of Lambda, from the optimum
	// Diverged is the step at which the run did, or 0; Unbounded tells that SGD's variance grows without end at this rate.
	// Then there is nothing beyond Position.
	Diverged  int
	Unbounded bool
	// Steps is the autocorrelation of θ_{t+1} − θ_t at lags 0, 1, …, and Predicted what theory says.
	Steps     []stat.Interval
	Predicted []float64
	// Spread is the mean squared displacement at lags 0, 1, …, and PredictedSpread what theory says of SGD.
	Spread, PredictedSpread []float64
	// Omega and Power are the periodogram of the positions, in radians a step, smoothed over neighbours.
	Omega, Power, PredictedPower []float64
}

// MeasureMotion follows one run along the steepest direction: gradient descent for b = 0, SGD on batches of b otherwise. Of
// SGD the first tenth is left out.
func MeasureMotion(ctx context.Context, backend compute.Backend, s *Study, b int, eta float64, steps, lags int, seed int64) (*Motion, error) {
	if err := counts("steps", steps, "lags", lags); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := train.Config{LearningRate: eta, Steps: steps, Seed: seed}
	if b > 0 {
		if c.Sampler, err = sample.WithReplacement(b); err != nil {
			return nil, err
		}
	}
	h, err := t.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	d := len(s.Descent.Lambda) - 1
	m := &Motion{Lambda: s.Descent.Lambda[d]}
	path := h.Params
	m.Diverged, _ = h.Diverged()
	variance := 0.0
	if b > 0 {
		sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
		if err != nil {
			return nil, err
		}
		if m.Unbounded = eta >= sgd.Threshold; !m.Unbounded {
			stationary, err := sgd.Stationary(eta)
			if err != nil {
				return nil, err
			}
			variance = sgd.Variances(stationary)[len(sgd.Lambda)-1]
		}
	}
	if m.Diverged > 0 || m.Unbounded {
		for _, theta := range path {
			m.Position = append(m.Position, s.Descent.Components(theta)[d])
		}
		return m, nil
	}
	if b > 0 {
		path = path[steps/10:]
	}
	var moves []float64
	positions := make([][]float64, len(path))
	for i, theta := range path {
		x := s.Descent.Components(theta)[d]
		m.Position, positions[i] = append(m.Position, x), []float64{x}
		if i > 0 {
			moves = append(moves, x-m.Position[i-1])
		}
	}
	if m.Steps, err = stat.Autocorrelation(moves, lags, Confidence); err != nil {
		return nil, err
	}
	if m.Spread, err = stat.SquaredDisplacement(positions, lags); err != nil {
		return nil, err
	}
	for k := range lags + 1 {
		if b > 0 {
			m.Predicted = append(m.Predicted, theory.StepAutocorrelation(eta, m.Lambda, k))
			m.PredictedSpread = append(m.PredictedSpread, theory.SquaredDisplacement(eta, m.Lambda, variance, k))
		} else {
			m.Predicted = append(m.Predicted, theory.Autocorrelation(eta, m.Lambda, k))
		}
	}
	omega, power, err := stat.Periodogram(m.Position)
	if err != nil {
		return nil, err
	}
	const bins = 60
	width := max(1, len(omega)/bins)
	for i := 0; i+width <= len(omega); i += width {
		m.Omega = append(m.Omega, floats.Sum(omega[i:i+width])/float64(width))
		m.Power = append(m.Power, floats.Sum(power[i:i+width])/float64(width))
		m.PredictedPower = append(m.PredictedPower, theory.PowerSpectrum(eta, m.Lambda, variance, m.Omega[len(m.Omega)-1]))
	}
	return m, nil
}
