package lecture

import (
	"context"

	"github.com/gomlx/compute"

	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Fading is a run of SGD with two weights, and where theory expects it.
type Fading struct {
	X, Y     []float64 // θ_t, for t = 0, 1, …
	Rate     float64   // of the last step
	Diverged int       // the step at which it left the finite numbers; 0: it stayed
	moments  []theory.Moments
}

// Watch runs SGD from a start.
func Watch(ctx context.Context, backend compute.Backend, s *Study, b int, eta schedule.Schedule, start []float64, steps int, seed int64) (*Fading, error) {
	if err := counts("steps", steps); err != nil {
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
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{Schedule: eta, Sampler: sampler, Steps: steps, Seed: seed, Start: map[string]any{"theta": start}})
	if err != nil {
		return nil, err
	}
	d := &Fading{Rate: eta.At(steps - 1)}
	d.Diverged, _ = h.Diverged()
	for _, theta := range h.Params {
		d.X, d.Y = append(d.X, theta[0]), append(d.Y, theta[1])
	}
	for _, m := range sgd.Moments(eta.At, start, steps) {
		d.moments = append(d.moments, m)
	}
	return d, nil
}

// Ellipse is so many standard deviations of θ_t's covariance around its mean: the centre, the semi-axes a ≥ b, and the
// angle of the first one. There is none, and ok is false, at the start, where there is no variance, and where the variance
// has grown beyond all bounds.
func (d *Fading) Ellipse(t int, sigmas float64) (x, y, a, b, angle float64, ok bool) {
	m := d.moments[t]
	a, b, angle, err := theory.Ellipse(m.Covariance, sigmas)
	return m.Mean[0], m.Mean[1], a, b, angle, err == nil && a > 0 && a < 1e3
}
