package lecture

import (
	"context"
	"slices"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// Gap (claim N6) is what nets of one width can express, and what training finds; all errors are root mean squares on 201 points.
type Gap struct {
	Width       int
	Constructed float64    // knots at equal distances
	Free        float64    // knots where they are best
	Found       []float64  // by Adam, from each seed
	Median      float64    // of Found
	Quartiles   [2]float64 // of Found
	Best        *relu.Net  // the best one found
	BestFree    *relu.Net  // the net with the best knots
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
		fit, err := relu.FreeKnots(gx, gy, gx[1:len(gx)-1], width-1)
		if err != nil {
			return nil, err
		}
		if g.BestFree, err = relu.Interpolate(fit.Knots, fit.Values); err != nil {
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
		if len(g.Found) > 0 {
			g.Median = Quantile(g.Found, 0.5)
			g.Quartiles = [2]float64{Quantile(g.Found, 0.25), Quantile(g.Found, 0.75)}
		}
	}
	return gaps, nil
}
