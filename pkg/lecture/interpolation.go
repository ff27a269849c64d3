package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Interpolation is SGD at a constant rate on data that can or cannot be fitted (claim S11).
type Interpolation struct {
	Curve *Curve  // of the loss over all examples
	Eta   float64 // the rate
	Floor float64 // E[L] in the long run, exact; 0 where every example is fitted
	// Rate is the measured factor of the loss a step, and Bound the greatest that theory allows in the long run; where
	// every example is fitted.
	Rate, Bound float64
}

// Interpolate makes n examples of d features, whose targets have noise, and trains with batches of b at a fraction of the
// mean-square limit.
func Interpolate(ctx context.Context, backend compute.Backend, n, d, b int, fraction float64, steps, seeds int) (*Interpolation, error) {
	if err := counts("n", n, "d", d, "steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(11, uint64(d)))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d {
			x.Set(i, j, rng.NormFloat64()/math.Sqrt(float64(d)))
		}
		y[i] = floats.Sum(x.RawRowView(i)) + 0.5*rng.NormFloat64()
	}
	sgd, err := theory.LeastSquaresSGD(x, y, b, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	fit, err := problem.NewLeastSquares(x, y)
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	t, err := train.New(backend, fit, optim.GD(), train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	r := &Interpolation{Eta: fraction * sgd.Threshold}
	base := train.Config{Steps: steps, Stride: max(1, steps/40), Sampler: sampler}
	histories, err := train.Sweep(ctx, t.Grid(base, []float64{r.Eta}, Seeds(seeds)), 0, nil)
	if err != nil {
		return nil, err
	}
	r.Curve, err = MeanCurve(fmt.Sprintf("%d features", d), histories, func(h *train.History, k int) float64 { return max(fit.Value(h.Params[k]), 1e-32) })
	if err != nil {
		return nil, err
	}
	if sgd.Floor < 1e-12 {
		if r.Bound, err = sgd.SpectralRadius(r.Eta); err != nil {
			return nil, err
		}
		// The mean of the logarithms, over the second half of what is not yet rounding.
		last := 0
		for last+1 < len(r.Curve.Mean) && r.Curve.Mean[last+1].Value > 1e-24 {
			last++
		}
		from := last / 2
		if from < last {
			for _, h := range histories {
				ratio := fit.Value(h.Params[last]) / fit.Value(h.Params[from])
				r.Rate += math.Log(ratio) / float64(h.Step[last]-h.Step[from]) / float64(seeds)
			}
			r.Rate = math.Exp(r.Rate)
		}
		return r, nil
	}
	stationary, err := sgd.Stationary(r.Eta)
	if err != nil {
		return nil, err
	}
	r.Floor = sgd.Floor + sgd.ExcessLoss(stationary)
	return r, nil
}
