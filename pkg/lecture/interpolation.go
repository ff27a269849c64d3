package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Interpolation (claim S11) is SGD at a constant rate on data that can or cannot be fitted.
type Interpolation struct {
	Curve  *Curve          // the mean over the runs of the excess loss L(θ_t) − L(θ*); of L(θ_t) for a net, whose least loss nobody knows
	Median []stat.Interval // its median over the runs, with the quartiles
	Runs   [][]float64     // that of each run, [runs][records]
	Least  float64         // L(θ*), of a linear model
	Floor  float64         // the excess loss in the long run, exact; 0 where every example is fitted, NaN where there is no theory
	// Rate is the measured factor of the loss a step, and Bound the greatest that theory allows in the long run; where
	// every example is fitted.
	Rate, Bound float64
	// NoiseBefore and Noise are the mean of ‖∇ℓᵢ‖² over the examples at the start and at the end, over the runs: what batches are drawn from.
	NoiseBefore, Noise float64
}

// InterpolationSettings are those of Interpolate and InterpolateNet.
type InterpolationSettings struct {
	Examples, Features int
	Widths             []int   // of the hidden layers, of InterpolateNet
	Batch              int     // examples in a batch, drawn with replacement; 0 is gradient descent, of InterpolateNet
	Rate               float64 // η, constant
	Steps              int     // of each run
	Seeds              int     // runs
}

// Draw adds the median loss to a figure, with its quartiles, and theory's noise floor where there is one.
func (r *Interpolation) Draw(fig *figure.Figure, name string) {
	step, loss := r.Curve.Step, r.Median
	if k := slices.IndexFunc(loss, func(v stat.Interval) bool { return v.Value < 1e-28 }); k > 0 { // rounding
		step, loss = step[:k], loss[:k]
	}
	fig.ConfidenceBand(name, step, loss).Line(name, step, loss)
	if r.Floor > 0 {
		fig.HLine(r.Floor, "theory: noise floor")
	}
}

// CompareWidths shows the loss of a narrow and a wide net under SGD and, enlarged and without the first fifth, of the narrow one under SGD and
// gradient descent.
func CompareWidths(sgd, gd, many *Interpolation, narrow, wide int) *figure.Figure {
	mustGive("runs", sgd, gd, many)
	name, from := fmt.Sprintf("%d units a layer", narrow), sgd.Curve.Step[len(sgd.Curve.Step)-1]/5
	all := figure.New("Deep ReLU nets at a constant rate", figure.X("step t"), figure.LogY("loss L(θ)"))
	sgd.Draw(all, name)
	many.Draw(all, fmt.Sprintf("%d units a layer", wide))
	late := figure.New(fmt.Sprintf("The narrow net from step %d on", from), figure.X("step t"), figure.LogY("loss L(θ)"))
	for _, of := range []struct {
		name string
		runs *Interpolation
	}{{name, sgd.From(from)}, {"the same by GD", gd.From(from)}} {
		late.Bundle(of.name, of.runs.Curve.Step, of.runs.Runs).Line(of.name, of.runs.Curve.Step, of.runs.Median)
	}
	return figure.Row(all, late)
}

// From is the part of the curves from a step on.
func (r *Interpolation) From(step int) *Interpolation {
	k := max(0, slices.IndexFunc(r.Curve.Step, func(t int) bool { return t >= step }))
	curve := *r.Curve
	curve.Step, curve.Mean = curve.Step[k:], curve.Mean[k:]
	part := *r
	part.Curve, part.Median, part.Runs = &curve, r.Median[k:], figure.Each(r.Runs, func(run []float64) []float64 { return run[k:] })
	return &part
}

// Jump is the greatest factor by which the median loss rises from one record to the next.
func (r *Interpolation) Jump() (factor float64) {
	for k := 1; k < len(r.Median); k++ {
		factor = max(factor, r.Median[k].Value/r.Median[k-1].Value)
	}
	return factor
}

// Against says how often SGD's median loss lies above that of gradient descent at the same records, and how far each rises from one record to
// the next. It panics when gd is nil.
func (r *Interpolation) Against(gd *Interpolation) string {
	mustGive("runs", gd)
	n, above := min(len(r.Median), len(gd.Median)), 0
	for k := range n {
		if r.Median[k].Value > gd.Median[k].Value {
			above++
		}
	}
	return fmt.Sprintf("SGD's median lies above gradient descent's in %d of %d records. From one record to the next SGD's rises by a factor of at most %.2f, gradient descent's by %.2f.",
		above, n, r.Jump(), gd.Jump())
}

// String says in a sentence where the loss ends, and what theory says of it.
func (r *Interpolation) String() string {
	end := r.Median[len(r.Median)-1].Value
	switch {
	case math.IsNaN(r.Floor):
		return fmt.Sprintf("median loss %.2g at the end; mean ‖∇ℓᵢ‖² over the examples: %.2g at the start, %.2g at the end.", end, r.NoiseBefore, r.Noise)
	case r.Floor > 0:
		return fmt.Sprintf("mean excess loss over the second half %.4f; theory's noise floor %.4f. The least loss L(θ*) is %.3f.", r.late(), r.Floor, r.Least)
	}
	return fmt.Sprintf("median loss %.1e at the end. It falls by a factor %.4f a step; theory's bound %.4f.", end, r.Rate, r.Bound)
}

// late is the mean excess loss over the runs and the second half of the records.
func (r *Interpolation) late() (mean float64) {
	half := r.Curve.Mean[len(r.Curve.Mean)/2:]
	for _, m := range half {
		mean += m.Value / float64(len(half))
	}
	return mean
}

// curves sets Curve, Runs and Median.
func (r *Interpolation) curves(runs []*train.History, loss func(*train.History, int) float64) (err error) {
	if r.Curve, err = MeanCurve("loss", runs, loss); err != nil {
		return err
	}
	if r.Curve.Diverged > 0 {
		return fmt.Errorf("%d of %d runs diverged: choose a smaller rate", r.Curve.Diverged, len(runs))
	}
	for _, h := range runs {
		var each []float64
		for k := range r.Curve.Step {
			each = append(each, loss(h, k))
		}
		r.Runs = append(r.Runs, each)
	}
	for k := range r.Curve.Step {
		r.Median = append(r.Median, Spread(figure.Coordinate(r.Runs, k), 0.25))
	}
	return nil
}

// InterpolateNet (claim S11) trains a ReLU net in float64 on the examples of Interpolate. It is an error when a setting cannot be, and when
// a run fails or diverges.
func InterpolateNet(ctx context.Context, settings InterpolationSettings) (*Interpolation, error) {
	x, y, err := settings.data()
	if err != nil {
		return nil, err
	}
	model := problem.MLP{Sizes: slices.Concat([]int{settings.Features}, settings.Widths, []int{1}), DType: dtypes.Float64}
	nets, err := netsOn(&problem.Points{Features: x, Targets: y}, []problem.MLP{model})
	if err != nil {
		return nil, err
	}
	sampler := sample.Full()
	if settings.Batch != 0 {
		if sampler, err = sample.WithReplacement(settings.Batch); err != nil {
			return nil, err
		}
	}
	stride := max(1, settings.Steps/60)
	swept, err := lesson{nets: nets, rule: "SGD", record: train.Record{FullLoss: true, ExampleGradients: true}, start: problem.Normal(math.Sqrt2), seeds: settings.Seeds,
		config: train.Config{LearningRate: settings.Rate, Steps: settings.Steps, Stride: stride, Sampler: sampler}}.run(ctx)
	if err != nil {
		return nil, err
	}
	r := &Interpolation{Floor: math.NaN()}
	if err := r.curves(swept[0], func(h *train.History, k int) float64 { return max(h.FullLoss[k], 1e-32) }); err != nil {
		return nil, err
	}
	noise := func(gradients [][]float64) (mean float64) {
		for _, g := range gradients {
			mean += floats.Dot(g, g) / float64(len(gradients)*settings.Seeds)
		}
		return mean
	}
	for _, h := range swept[0] {
		r.NoiseBefore += noise(h.ExampleGradients[0])
		r.Noise += noise(h.ExampleGradients[len(h.ExampleGradients)-1])
	}
	return r, nil
}

// data are examples whose features have the mean squared length 1, however many they are, and whose targets are their sum with noise of
// the standard deviation ½.
func (settings InterpolationSettings) data() (*mat.Dense, []float64, error) {
	n, d := settings.Examples, settings.Features
	if err := counts("Examples", n, "Features", d, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(11, uint64(d)))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range n {
		for j := range d {
			x.Set(i, j, rng.NormFloat64()/math.Sqrt(float64(d)))
		}
		y[i] = floats.Sum(x.RawRowView(i)) + 0.5*rng.NormFloat64()
	}
	return x, y, nil
}

// Interpolate (claim S11) trains a linear model on examples whose targets have noise. It is an error when a setting cannot be, when a run
// fails or diverges, and when theory knows of no bound at the rate.
func Interpolate(ctx context.Context, settings InterpolationSettings) (*Interpolation, error) {
	x, y, err := settings.data()
	if err != nil {
		return nil, err
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
	if settings.Rate >= sgd.Threshold {
		return nil, fmt.Errorf("Rate is %g: with %d features SGD is stable in mean square below %.3g; choose a smaller one", settings.Rate, settings.Features, sgd.Threshold)
	}
	r := new(Interpolation)
	if sgd.Floor >= 1e-12 {
		r.Least = sgd.Floor
	}
	base := train.Config{Steps: settings.Steps, Stride: max(1, settings.Steps/40), Sampler: sampler}
	swept, err := sweep(ctx, atRates(t, base, []float64{settings.Rate}), 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	histories := swept[0]
	if err := r.curves(histories, func(h *train.History, k int) float64 { return max(fit.Value(h.Params[k])-r.Least, 1e-32) }); err != nil {
		return nil, err
	}
	if r.Least == 0 {
		if r.Bound, err = sgd.SpectralRadius(settings.Rate); err != nil {
			return nil, err
		}
		// The mean of the logarithms, over the second half of what is not yet rounding.
		last := 0
		for last+1 < len(r.Curve.Mean) && r.Median[last+1].Value > 1e-24 {
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
	stationary, err := sgd.Stationary(settings.Rate)
	if err != nil {
		return nil, err
	}
	r.Floor = sgd.ExcessLoss(stationary)
	return r, nil
}
