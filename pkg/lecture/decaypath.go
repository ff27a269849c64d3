package lecture

import (
	"context"
	"fmt"

	"descent.example/pkg/figure"
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
	Start    []float64 // two weights, Study.Beside for example
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

// Draw adds the 40 steps before t to a plane of the two weights, with the ellipse of two standard deviations.
func (d *DecayPath) Draw(plane *figure.Figure, t int) *figure.Figure {
	t = min(t, len(d.X)-1)
	if x, y, a, b, angle, ok := d.Ellipse(t, 2); ok {
		plane.Ellipse("theory, 2 standard deviations", x, y, a, b, angle)
	}
	from := max(0, t-40)
	return plane.Line("40 steps", d.X[from:t+1], d.Y[from:t+1]).Points("40 steps", d.X[from:t+1], d.Y[from:t+1])
}

// Title says at which rate the run ended.
func (d *DecayPath) Title() string { return fmt.Sprintf("The rate ends at %.2g", d.Rate) }

// String says how the run ended.
func (d *DecayPath) String() string {
	if d.Diverged > 0 {
		return fmt.Sprintf("diverged at step %d", d.Diverged)
	}
	steps := len(d.X) - 1
	said := fmt.Sprintf("after %d steps the rate is %.3g", steps, d.Rate)
	if _, _, a, _, _, ok := d.Ellipse(steps, 2); ok {
		said += fmt.Sprintf(" and the ellipse %.2g long", 2*a)
	}
	return said
}

// Ellipse is a number of standard deviations of θ_t's covariance around its mean: the center, the semi-axes a ≥ b, and the
// angle of the first one. There is none, and ok is false, at the start, where there is no variance, and where the variance
// has grown beyond all bounds.
func (d *DecayPath) Ellipse(t int, sigmas float64) (x, y, a, b, angle float64, ok bool) {
	m := d.moments[t]
	a, b, angle, err := theory.Ellipse(m.Covariance, sigmas)
	return m.Mean[0], m.Mean[1], a, b, angle, err == nil && a > 0 && a < 1e3
}
