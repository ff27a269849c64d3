package lecture

import (
	"context"
	"fmt"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
)

// Gap (claim N6) is what nets of one width can express, and what training finds; all errors are root mean squares on 201 points.
type Gap struct {
	Width       int
	Constructed float64       // knots at equal distances
	Free        float64       // knots where they are best
	Found       []float64     // by Adam, from each seed
	Trained     stat.Interval // median and quartiles of Found; NaN where every run diverged
	Best        *relu.Net     // the best one found; nil where every run diverged
	BestFree    *relu.Net     // the net with the best knots
}

// String compares the errors.
func (g *Gap) String() string {
	if g.Best == nil {
		return fmt.Sprintf("width %-2d every training run diverged.", g.Width)
	}
	return fmt.Sprintf("width %-2d equal distances %.2g, best knots %.2g; trained: median %.1g.", g.Width, g.Constructed, g.free(), g.Trained.Value)
}

// free is Free, and positive.
func (g *Gap) free() float64 { return max(g.Free, 1e-9) }

// Graph draws the net with the best knots and the best one that training found beside the target.
func (g *Gap) Graph(target problem.Target) *figure.Figure {
	fig := Graph(fmt.Sprintf("Width %d", g.Width), target).Theory("target", nil, target.F).Line("best knots", nil, g.BestFree.At)
	if g.Best != nil {
		fig.Line("best one trained", nil, g.Best.At)
	}
	return fig
}

// DrawGaps (claim N6) draws the errors over the widths.
func DrawGaps(gaps []*Gap) *figure.Figure {
	widths := figure.Column(gaps, func(g *Gap) int { return g.Width })
	return figure.New("What a net can be, and what training finds", figure.LogX("hidden units"), figure.LogY("root mean square error")).
		Line("knots at equal distances", widths, figure.Column(gaps, func(g *Gap) float64 { return g.Constructed })).
		Line("best knots", widths, figure.Column(gaps, (*Gap).free)).
		ConfidenceIntervals("trained: median and quartiles", widths, figure.Each(gaps, func(g *Gap) stat.Interval { return g.Trained }))
}

// BestKnots (claim N6) is the net of the width with its knots where they are best, for the mean square error on 201 points. It is an
// error when the width is not between 2 and 200, and when a value of the target is not finite.
func BestKnots(target problem.Target, width int) (*relu.Net, error) {
	xs, ys := target.Grid(201)
	fit, err := relu.FreeKnots(xs, ys, xs[1:200], width-1)
	if err != nil {
		return nil, err
	}
	return relu.Interpolate(fit.Knots, fit.Values)
}

// MeasureGap (claim N6) trains nets of each width and holds them against the nets that can be written down. They learn from batches of
// 16 of 64 points at equal distances. It is an error when a setting cannot be, and when a run fails.
func MeasureGap(ctx context.Context, training Training, widths []int) ([]*Gap, error) {
	if err := training.check(); err != nil {
		return nil, err
	}
	target := training.Target
	xs, ys := target.Grid(64)
	gx, gy := target.Grid(201)
	var gaps []*Gap
	for _, width := range widths {
		g := &Gap{Width: width}
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, width)
		if err != nil {
			return nil, err
		}
		g.Constructed = rms(gy, func(i int) float64 { return net.At(gx[i]) })
		if g.BestFree, err = BestKnots(target, width); err != nil {
			return nil, err
		}
		g.Free = rms(gy, func(i int) float64 { return g.BestFree.At(gx[i]) })
		gaps = append(gaps, g)
	}
	nets, err := netsOn(problem.NewPoints(xs, ys), shallow(widths))
	if err != nil {
		return nil, err
	}
	c, err := cosine(training.Rate, training.Steps, 16)
	if err != nil {
		return nil, err
	}
	histories, err := lesson{nets: nets, rule: "Adam", config: c, start: problem.SpreadElbows(xs), seeds: training.Seeds}.run(ctx)
	if err != nil {
		return nil, err
	}
	for i, g := range gaps {
		for _, h := range histories[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, g.Width, 1)
			if err != nil {
				return nil, err
			}
			found := rms(gy, func(i int) float64 { return net.At(gx[i]) })
			if len(g.Found) == 0 || found < slices.Min(g.Found) {
				g.Best = net
			}
			g.Found = append(g.Found, found)
		}
		g.Trained = Spread(g.Found, 0.25)
	}
	return gaps, nil
}
