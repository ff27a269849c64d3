package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// GapSettings are those of MeasureGap.
type GapSettings struct {
	Target problem.Target
	Widths []int
	Rates  []float64 // of Adam at first, ascending; 0 at the end
	Steps  int       // of each run
	Tries  int       // runs at each rate, to choose one
	Seeds  int       // runs at the rate chosen, from other seeds
}

// Gap (claim N6) is what nets of one width can express, and what training finds. All of them learn from the target's values at the same
// 201 points. The rate is chosen by the errors at 200 other points, and all errors are root mean squares at 1,000 points that nobody has
// seen.
type Gap struct {
	Width   int
	Equal   float64         // knots at equal distances, weights by least squares
	Free    float64         // the best net that is known, knots and weights free (relu.FitElbows)
	Floor   float64         // on the 201 points: no net with its knots among them has less
	AtRates []stat.Interval // of trained nets, median and quartiles at each rate, at the points that choose; NaN where every run diverged
	Rate    float64         // the one with the least median
	Found   []float64       // by Adam at that rate, from each seed
	Trained stat.Interval   // median and quartiles of Found; NaN where every run diverged
	Nets    struct {
		Equal, Free, Trained *relu.Net // Trained: that of the run with the median of Found; nil where every run diverged
	}
}

// String compares the errors.
func (g *Gap) String() string {
	known := fmt.Sprintf("width %-2d equal knots %.2g, best knots %.2g", g.Width, g.Equal, g.Free)
	if g.Free > 1e-9 {
		known += fmt.Sprintf(" (%.1f times less)", g.Equal/g.Free)
	}
	if g.Nets.Trained == nil {
		return known + "; every training run diverged."
	}
	return fmt.Sprintf("%s; trained at rate %g: median %.2g (quartiles %.2g to %.2g), %.1f times the best knots.",
		known, g.Rate, g.Trained.Value, g.Trained.Low, g.Trained.High, g.Trained.Value/g.Free)
}

// equal and free are Equal and Free as a logarithm wants them: positive.
func (g *Gap) equal() float64 { return max(g.Equal, 1e-9) }
func (g *Gap) free() float64  { return max(g.Free, 1e-9) }

// points are the target's values at n places, each so far into its n-th part of the interval.
func points(target problem.Target, n int, within float64) (xs, ys []float64) {
	for i := range n {
		x := target.Lo + (target.Hi-target.Lo)*(float64(i)+within)/float64(n)
		xs, ys = append(xs, x), append(ys, target.F(x))
	}
	return xs, ys
}

// unseen is a function's root mean square error at 1,000 points between the 201 from which nets learn.
func unseen(target problem.Target, f func(x float64) float64) float64 {
	xs, ys := points(target, 1000, 0.5)
	return rms(ys, func(i int) float64 { return f(xs[i]) })
}

// MeasureGap (claim N6) trains nets of each width with Adam, in batches of 40, at a rate that falls along a cosine, and holds them against the
// nets that can be written down. It is an error when a setting cannot be, and when a run fails.
func MeasureGap(ctx context.Context, settings GapSettings) ([]*Gap, error) {
	if len(settings.Rates) == 0 {
		return nil, errors.New("Rates is empty: give at least one")
	}
	choice := Training{Target: settings.Target, Steps: settings.Steps, Seeds: settings.Tries}
	if err := choice.check(); err != nil {
		return nil, err
	}
	gaps, err := expressed(settings.Target, settings.Widths)
	if err != nil {
		return nil, err
	}
	cx, cy := points(settings.Target, 200, 0.25)
	for _, g := range gaps {
		histories, err := choice.runVariants(ctx, hidden(g.Width), train.Record{}, variantsAt(settings.Rates))
		if err != nil {
			return nil, err
		}
		for _, runs := range histories {
			errors, _, err := outcomes(runs, hidden(g.Width).Sizes, offAt(cx, cy))
			if err != nil {
				return nil, err
			}
			g.AtRates = append(g.AtRates, Spread(errors, 0.25))
		}
		best := leastOf(g.AtRates)
		g.Rate = settings.Rates[best]
		if math.IsNaN(g.AtRates[best].Value) {
			g.Trained = Spread(nil, 0.25)
			continue
		}
		training := Training{Target: settings.Target, Rate: g.Rate, Steps: settings.Steps, Seeds: settings.Seeds, Before: settings.Tries}
		if err := g.train(ctx, training); err != nil {
			return nil, err
		}
	}
	return gaps, nil
}

// leastOf is the index of the least value; 0 where all are NaN.
func leastOf(all []stat.Interval) (least int) {
	for i, v := range all {
		if !(all[least].Value <= v.Value) && !math.IsNaN(v.Value) {
			least = i
		}
	}
	return least
}

// expressed are the errors of the nets that are written down, one of each width.
func expressed(target problem.Target, widths []int) (gaps []*Gap, err error) {
	xs, ys := target.Grid(201)
	for _, width := range widths {
		g := &Gap{Width: width}
		if g.Nets.Equal, err = relu.EqualKnots(xs, ys, width); err != nil {
			return nil, err
		}
		var floor *relu.Fit
		if g.Nets.Free, floor, err = relu.FitElbows(xs, ys, xs[1:200], width); err != nil {
			return nil, err
		}
		g.Floor = math.Sqrt(floor.Squares / float64(len(xs)))
		g.Equal, g.Free = unseen(target, g.Nets.Equal.At), unseen(target, g.Nets.Free.At)
		gaps = append(gaps, g)
	}
	return gaps, nil
}

// train runs the training.
func (g *Gap) train(ctx context.Context, training Training) error {
	runs, err := training.run(ctx, shallow([]int{g.Width}), train.Record{}, 0)
	if err != nil {
		return err
	}
	off := func(net *relu.Net) float64 { return unseen(training.Target, net.At) }
	errors, nets, err := outcomes(runs[0], hidden(g.Width).Sizes, off)
	if err != nil || len(nets) == 0 {
		g.Trained = Spread(nil, 0.25)
		return err
	}
	g.Found, g.Trained = errors, Spread(errors, 0.25)
	g.Nets.Trained = nets[slices.Index(errors, Quantile(errors, 0.5))]
	return nil
}

// DrawGaps (claim N6) draws the errors over the widths, and the two laws of theory where the target is smooth.
func DrawGaps(target problem.Target, gaps []*Gap) *figure.Figure {
	names := figure.Each(gaps, func(g *Gap) string { return fmt.Sprint(g.Width) })
	fig := figure.New("What a net can be, and what training finds", figure.X("hidden units").Categories(names...), figure.LogY("root mean square error"))
	fig.ConfidenceIntervals("trained: median and quartiles", nil, figure.Each(gaps, func(g *Gap) stat.Interval { return g.Trained })).
		Points("knots at equal distances", nil, figure.Column(gaps, (*Gap).equal)).
		Points("best knots", nil, figure.Column(gaps, (*Gap).free))
	if len(target.Knots) == 0 {
		second := secondDerivative(target)
		fig.Theory("theory: equal distances", nil, figure.Column(gaps, func(g *Gap) float64 { return theory.EqualKnots(second, target.Lo, target.Hi, g.Width) })).
			Theory("theory: best knots", nil, figure.Column(gaps, func(g *Gap) float64 { return theory.FreeKnots(second, target.Lo, target.Hi, g.Width+1) }))
	}
	return fig
}

// secondDerivative is f″ by central differences.
func secondDerivative(target problem.Target) func(x float64) float64 {
	h := (target.Hi - target.Lo) * 1e-4
	return func(x float64) float64 { return (target.F(x+h) - 2*target.F(x) + target.F(x-h)) / (h * h) }
}

// Residuals (claim N6) draws how far the typical trained net and the best one are from the target, with their signs, and where the trained one has its
// knots.
func (g *Gap) Residuals(target problem.Target) *figure.Figure {
	fig := figure.New(fmt.Sprintf("Width %d", g.Width), figure.X("x").Range(target.Lo, target.Hi), figure.Y("net − target"))
	off := func(net *relu.Net) func(x float64) float64 {
		return func(x float64) float64 { return net.At(x) - target.F(x) }
	}
	if net := g.Nets.Trained; net != nil {
		fig.Line("trained, the median run", nil, off(net))
		if knots, err := net.Knots(target.Lo, target.Hi); err == nil && len(knots) > 0 {
			fig.Points("its knots", knots, off(net))
		}
	}
	return fig.Line("best knots", nil, off(g.Nets.Free))
}

// DrawGapRates (claim N6) draws how the rate of each width was chosen.
func DrawGapRates(settings GapSettings, gaps []*Gap) *figure.Figure {
	fig := figure.New("How the rate was chosen", figure.LogX("Adam's rate at first"), figure.LogY("median error at the points that choose"))
	for _, g := range gaps {
		fig.Line(fmt.Sprintf("width %d", g.Width), settings.Rates, figure.Column(g.AtRates, func(e stat.Interval) float64 { return e.Value }))
	}
	return fig
}

// GapLaws (claim N6) says how the errors of the nets that are written down fall, by power laws over all widths: with the number d of pieces
// between equal distances, and with the d+1 pieces that the best knots make.
func GapLaws(gaps []*Gap) string {
	words := ""
	for _, of := range []struct {
		name, pieces string
		more         int // pieces than units
		error        func(*Gap) float64
	}{
		{"knots at equal distances", "d", 0, (*Gap).equal},
		{"best knots", "(d + 1)", 1, (*Gap).free},
	} {
		pieces := figure.Column(gaps, func(g *Gap) int { return g.Width + of.more })
		fit, err := stat.FitPowerLaw(pieces, figure.Column(gaps, of.error), Confidence)
		if err != nil {
			continue
		}
		words += fmt.Sprintf("%s: over these widths the error falls like %s^%.2f\n", of.name, of.pieces, fit.Exponent.Value)
	}
	return strings.TrimSuffix(words, "\n")
}
