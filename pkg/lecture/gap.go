package lecture

import (
	"context"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/train"
)

// Gap is what nets of one width can express, and what training finds (claim N6); all errors are root mean squares on 201
// points.
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

// MeasureGap trains nets of each width on a target, from many seeds, and holds them against the nets that can be written
// down. The rate is eta at first and falls to 0 along a cosine; batches are of 16 of 64 points at equal distances.
func MeasureGap(ctx context.Context, backend compute.Backend, target problem.Target, widths []int, eta float64, steps, seeds int, progress func(done int)) ([]*Gap, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	xs, ys := target.Grid(64)
	gx, gy := target.Grid(201)
	rms := func(f func(x float64) float64) float64 {
		sum := 0.0
		for i, x := range gx {
			sum += (f(x) - gy[i]) * (f(x) - gy[i])
		}
		return math.Sqrt(sum / float64(len(gx)))
	}
	sampler, err := sample.WithReplacement(16)
	if err != nil {
		return nil, err
	}
	cosine, err := schedule.Cosine(eta, 0, steps)
	if err != nil {
		return nil, err
	}
	var nets []*problem.Net
	var gaps []*Gap
	for _, width := range widths {
		g := &Gap{Width: width}
		net, err := relu.Uniform(target.F, target.Lo, target.Hi, width)
		if err != nil {
			return nil, err
		}
		g.Constructed = rms(net.At)
		fit, err := relu.FreeKnots(gx, gy, gx[1:len(gx)-1], width-1)
		if err != nil {
			return nil, err
		}
		if g.BestFree, err = relu.Interpolate(fit.Knots, fit.Values); err != nil {
			return nil, err
		}
		g.Free = rms(g.BestFree.At)
		gaps = append(gaps, g)

		p, err := problem.NewRegression([]int{width}, xs, ys)
		if err != nil {
			return nil, err
		}
		p.DType = dtypes.Float64
		nets = append(nets, p)
	}
	taught, err := teach(ctx, backend, nets, "adam", train.Record{}, train.Config{Schedule: cosine, Sampler: sampler, Steps: steps, Stride: steps}, seeds, spread, progress)
	if err != nil {
		return nil, err
	}
	for i, g := range gaps {
		for _, h := range taught[i] {
			if _, diverged := h.Diverged(); diverged {
				continue
			}
			net, err := relu.FromTheta(h.Final, 1, g.Width, 1)
			if err != nil {
				return nil, err
			}
			found := rms(net.At)
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
