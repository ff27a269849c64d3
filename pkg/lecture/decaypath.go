package lecture

import (
	"context"

	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// DecayPath (claim S9) is a run of SGD with two weights under a schedule, and where theory expects it.
type DecayPath struct {
	X, Y     []float64 // θ_t, for t = 0, 1, …
	Rate     float64   // of the last step
	Diverged int       // the step at which it left the finite numbers; 0: it stayed
	moments  []theory.Moments
}

// PathSettings are those of FollowDecay.
type PathSettings struct {
	Batch    int // examples in a batch, drawn with replacement
	Schedule schedule.Schedule
	Start    []float64 // two weights
	Steps    int
	Seed     int
}

// FollowDecay (claim S9) runs SGD once and keeps every step. It is an error when a setting cannot be, and when the run fails.
func FollowDecay(ctx context.Context, s *Study, settings PathSettings) (*DecayPath, error) {
	if err := counts("Steps", settings.Steps); err != nil {
		return nil, err
	}
	sgd, sampler, err := s.batches(settings.Batch)
	if err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{Schedule: settings.Schedule, Sampler: sampler, Steps: settings.Steps, Seed: settings.Seed,
		Start: map[string]any{"theta": settings.Start}})
	if err != nil {
		return nil, err
	}
	d := &DecayPath{Rate: settings.Schedule.At(settings.Steps - 1)}
	d.Diverged, _ = h.Diverged()
	for _, theta := range h.Params {
		d.X, d.Y = append(d.X, theta[0]), append(d.Y, theta[1])
	}
	for _, m := range sgd.Moments(settings.Schedule.At, settings.Start, settings.Steps) {
		d.moments = append(d.moments, m)
	}
	return d, nil
}

// Ellipse is so many standard deviations of θ_t's covariance around its mean: the center, the semi-axes a ≥ b, and the
// angle of the first one. There is none, and ok is false, at the start, where there is no variance, and where the variance
// has grown beyond all bounds.
func (d *DecayPath) Ellipse(t int, sigmas float64) (x, y, a, b, angle float64, ok bool) {
	m := d.moments[t]
	a, b, angle, err := theory.Ellipse(m.Covariance, sigmas)
	return m.Mean[0], m.Mean[1], a, b, angle, err == nil && a > 0 && a < 1e3
}
