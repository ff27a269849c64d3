package lecture

import (
	"context"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Motion (claim S10) is how θ moves along one eigen-direction at a constant rate.
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
	// Omega and Power are the periodogram of the positions, in radians a step, of SGD's means over neighbors. Power and PredictedPower are
	// shares of the mean over all frequencies.
	Omega, Power, PredictedPower []float64
}

// draw shows at most that number of positions.
func (m *Motion) draw(title string, most int) *figure.Figure {
	return figure.New(title, figure.X("step t"), figure.Y("θ_t − θ*, along it")).Line("position", nil, m.Position[:min(most, len(m.Position))])
}

// unsteady is the motion of SGD that has no stationary walk, and a sentence on it; nil if there is one.
func (m *Motion) unsteady(what string) (*figure.Figure, string) {
	if m.Diverged == 0 && !m.Unbounded {
		return nil, ""
	}
	return m.draw("SGD, along the steepest direction", len(m.Position)),
		"At this rate SGD's variance grows without end: there is no " + what + " to measure. Choose a smaller lr."
}

// CompareMotions shows where GD and SGD go at first, how their steps remember, and how far SGD gets in up to 120 steps, and says it: as many
// lags as it was measured with. It panics when there are fewer.
func CompareMotions(gd, sgd *Motion) (fig *figure.Figure, words string) {
	mustGive("motion", gd, sgd)
	if fig, words := sgd.unsteady("stationary walk"); fig != nil {
		return fig, words
	}
	lags := []int{1, 2, 3, 5, 8, 13, 20, 32, 50, 80, 120}
	at := func(spread []float64) []float64 { return figure.Column(lags, func(k int) float64 { return spread[k] }) }
	position := func(title, name string, m *Motion) *figure.Figure {
		some := m.Position[:min(300, len(m.Position))]
		return figure.New(title, figure.X("step t"), figure.Y("θ_t − θ*, steepest direction")).Line(name, nil, some).HLine(0, "optimum")
	}
	return figure.Grid(2, position("GD jumps from side to side", "GD", gd), position("SGD wanders", "SGD", sgd),
			figure.New("Is a step like the one k before?", figure.X("lag k"), figure.Y("autocorrelation of the steps").Range(-1.1, 1.1)).
				Points("GD", nil, gd.Steps[:13]).Points("SGD", nil, sgd.Steps[:13]).Theory("theory", nil, sgd.Predicted[:13]).Theory("theory", nil, gd.Predicted[:13]),
			figure.New("How far SGD gets in k steps", figure.LogX("lag k"), figure.LogY("mean squared displacement")).
				Theory("theory", lags, at(sgd.PredictedSpread)).Points("SGD", lags, at(sgd.Spread))),
		fmt.Sprintf("Lag 1: GD %.2f, SGD %.3f; theory for SGD −ηλ/2 = %.3f.\n", gd.Steps[1].Value, sgd.Steps[1].Value, sgd.Predicted[1]) +
			fmt.Sprintf("SGD's displacement over 100 steps: measured %.2g, theory %.2g.", sgd.Spread[100], sgd.PredictedSpread[100])
}

// DrawSpectra shows the power of each motion's positions over the frequency, beside theory, and says how measured and predicted power
// compare.
func DrawSpectra(names []string, motions []*Motion) (fig *figure.Figure, words string) {
	mustGive("motions", motions)
	fig = figure.New("Where the power of the motion is", figure.LogX("frequency (radians a step)"), figure.LogY("power ÷ mean power"))
	for i, m := range motions {
		if fig, words := m.unsteady("spectrum"); fig != nil {
			return fig, words
		}
		ratios := floats.DivTo(make([]float64, len(m.Power)), m.Power, m.PredictedPower)
		fig.Points(names[i], m.Omega, m.Power).Theory("theory", m.Omega, m.PredictedPower)
		words += fmt.Sprintf("%s: measured ÷ theory %.2f, mean of %d frequencies.\n", names[i], mean(ratios), len(ratios))
	}
	return fig.VLine(math.Pi, "side to side"), strings.TrimSuffix(words, "\n")
}

// MotionSettings are those of MeasureMotion.
type MotionSettings struct {
	Batch int     // examples in a batch, drawn with replacement; 0: gradient descent
	Rate  float64 // η, constant
	Steps int
	Lags  int // the greatest lag, in steps
	Seed  int
}

// MeasureMotion (claim S10) follows one run along the steepest direction. Of SGD the first tenth is left out. It is an error when a
// setting cannot be, when there are fewer steps than lags, and when the run fails.
func MeasureMotion(ctx context.Context, s *Study, settings MotionSettings) (*Motion, error) {
	b, eta, steps := settings.Batch, settings.Rate, settings.Steps
	if err := counts("Steps", steps, "Lags", settings.Lags); err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := train.Config{LearningRate: eta, Steps: steps, Seed: settings.Seed}
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
	for _, theta := range h.Params {
		m.Position = append(m.Position, s.Descent.Components(theta)[d])
	}
	m.Diverged, _ = h.Diverged()
	variance := 0.0
	if b > 0 {
		sgd, err := s.SGD(b)
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
		return m, nil
	}
	if b > 0 {
		m.Position = m.Position[steps/10:]
	}
	return m, m.measure(settings, variance)
}

// measure computes what the positions hold. variance is that of SGD's positions by theory.
func (m *Motion) measure(settings MotionSettings, variance float64) (err error) {
	eta, lags := settings.Rate, settings.Lags
	var moves []float64
	positions := make([][]float64, len(m.Position))
	for i, x := range m.Position {
		positions[i] = []float64{x}
		if i > 0 {
			moves = append(moves, x-m.Position[i-1])
		}
	}
	if m.Steps, err = stat.Autocorrelation(moves, lags, Confidence); err != nil {
		return err
	}
	if m.Spread, err = stat.SquaredDisplacement(positions, lags); err != nil {
		return err
	}
	for k := range lags + 1 {
		if settings.Batch > 0 {
			m.Predicted = append(m.Predicted, theory.StepAutocorrelation(eta, m.Lambda, k))
			m.PredictedSpread = append(m.PredictedSpread, theory.SquaredDisplacement(eta, m.Lambda, variance, k))
		} else {
			m.Predicted = append(m.Predicted, theory.Autocorrelation(eta, m.Lambda, k))
		}
	}
	omega, power, err := stat.Periodogram(m.Position)
	if err != nil {
		return err
	}
	m.shares(omega, power, settings.Batch > 0, func(omega float64) float64 { return theory.PowerSpectrum(eta, m.Lambda, variance, omega) })
	return nil
}

// shares sets Omega, Power and PredictedPower. Noise makes each value of a periodogram as uncertain as it is large: there the power is the
// mean over 20 frequencies or more, in bins of equal width on a logarithmic axis. That of gradient descent is what a geometric
// sequence has, which has the same form.
func (m *Motion) shares(omega, power []float64, noisy bool, predicted func(omega float64) float64) {
	if !noisy {
		predicted = func(omega float64) float64 { return theory.PowerSpectrum(1, 1-m.ratio(), 1, omega) }
	}
	level, expected := mean(power), mean(figure.Each(omega, predicted))
	for from := 0; from < len(omega); {
		to := from + 1
		if noisy {
			to = max(from+20, int(1.15*float64(from)))
		}
		if to = min(to, len(omega)); noisy && to-from < 20 {
			return
		}
		m.Omega = append(m.Omega, mean(omega[from:to]))
		m.Power = append(m.Power, mean(power[from:to])/level)
		m.PredictedPower = append(m.PredictedPower, mean(figure.Each(omega[from:to], predicted))/expected)
		from = to
	}
}

// ratio is that of the second position to the first.
func (m *Motion) ratio() float64 { return m.Position[1] / m.Position[0] }
