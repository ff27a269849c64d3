package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Interpolation (claim S11) is SGD at a constant rate on data that can or cannot be fitted.
type Interpolation struct {
	Curve *Curve  // of the loss over all examples
	Eta   float64 // the rate
	Floor float64 // E[L] in the long run, exact; 0 where every example is fitted
	// Rate is the measured factor of the loss a step, and Bound the greatest that theory allows in the long run; where
	// every example is fitted.
	Rate, Bound float64
}

// InterpolationSettings are those of Interpolate.
type InterpolationSettings struct {
	Examples, Features int
	Batch              int     // examples in a batch, drawn with replacement
	Fraction           float64 // the rate as a fraction of the mean-square limit
	Steps              int     // of each run
	Seeds              int     // runs
}

// Draw adds the loss to a figure, and theory's floor where there is one.
func (r *Interpolation) Draw(fig *figure.Figure, name string) {
	r.Curve.Draw(fig, name)
	if r.Floor > 0 {
		fig.Theory("theory: floor", []int{0, r.Curve.Step[len(r.Curve.Step)-1]}, []float64{r.Floor, r.Floor})
	}
}

// String says in a sentence where the loss ends, and what theory says of it.
func (r *Interpolation) String() string {
	end := r.Curve.Mean[len(r.Curve.Mean)-1].Value
	if r.Floor > 0 {
		return fmt.Sprintf("loss %.3g in the end; theory's floor %.3g.", end, r.Floor)
	}
	return fmt.Sprintf("loss %.1e in the end, and falling by a factor %.4f a step; theory's bound %.4f.", end, r.Rate, r.Bound)
}

// Interpolate (claim S11) makes examples whose targets have noise, and trains on them. It is an error when a setting cannot be, when
// a run fails, and when theory knows of no bound at the rate.
func Interpolate(ctx context.Context, settings InterpolationSettings) (*Interpolation, error) {
	n, d := settings.Examples, settings.Features
	if err := counts("Examples", n, "Features", d, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
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
	sgd, err := theory.LeastSquaresSGD(x, y, settings.Batch, theory.WithReplacement)
	if err != nil {
		return nil, err
	}
	fit, err := problem.NewLeastSquares(x, y)
	if err != nil {
		return nil, err
	}
	fit.DType = dtypes.Float64
	sampler, err := sample.WithReplacement(settings.Batch)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(fit, "SGD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	r := &Interpolation{Eta: settings.Fraction * sgd.Threshold}
	base := train.Config{Steps: settings.Steps, Stride: max(1, settings.Steps/40), Sampler: sampler}
	swept, err := sweep(ctx, atRates(t, base, []float64{r.Eta}), 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	histories := swept[0]
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
				r.Rate += math.Log(ratio) / float64(h.Step[last]-h.Step[from]) / float64(settings.Seeds)
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
