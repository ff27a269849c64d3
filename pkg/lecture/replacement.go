package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
)

// Replacement (claim S13) compares the noise floor of SGD in reshuffled epochs with that of SGD with batches drawn with replacement.
type Replacement struct {
	Examples  []int           // n
	Ratio     []stat.Interval // measured, of the floors: the mean excess loss over an epoch
	Predicted []float64       // by theory for small η
	Memory    float64         // b/(ηλ_min): how many examples back θ remembers its batches, of the largest n
}

// ReplacementSettings are those of CompareReplacement.
type ReplacementSettings struct {
	Batch int     // examples in a batch
	Rate  float64 // η, constant
	Sizes []int   // numbers of examples, each greater than Batch
	Steps int     // of each run, at least; full epochs are run
	Seeds int     // runs of each kind
}

// CompareReplacement (claim S13) measures the floors on examples drawn at random like the patients: two standardized features whose
// correlation is theirs, and targets with the noise that a fit leaves. The interval of a ratio is that of the mean over pairs of runs with
// the same seed. It is an error when a setting cannot be, and when a run fails or diverges.
func CompareReplacement(ctx context.Context, settings ReplacementSettings) (*Replacement, error) {
	patients, err := TwoMeasurements(0, "bmi", "s5")
	if err != nil {
		return nil, err
	}
	r := new(Replacement)
	for _, n := range settings.Sizes {
		s, err := patients.alike(n, 1)
		if err != nil {
			return nil, err
		}
		measured, predicted, err := floors(ctx, s, settings)
		if err != nil {
			return nil, err
		}
		ratio, err := stat.MeanOverRuns(floats.DivTo(make([]float64, settings.Seeds), measured[1], measured[0]), Confidence)
		if err != nil {
			return nil, err
		}
		r.Examples, r.Ratio, r.Predicted = append(r.Examples, n), append(r.Ratio, ratio), append(r.Predicted, predicted[1]/predicted[0])
		r.Memory = float64(settings.Batch) / (settings.Rate * s.Descent.Lambda[0])
	}
	return r, nil
}

// alike is a study of n random examples like these: normal, with the same covariance of the two features and the same residual variance.
func (s *Study) alike(n, seed int) (*Study, error) {
	if err := counts("n", n); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 13))
	correlation := s.Hessian(nil).At(0, 1)
	x, y := mat.NewDense(n, 2, nil), make([]float64, n)
	for i := range n {
		u, v := rng.NormFloat64(), rng.NormFloat64()
		x.SetRow(i, []float64{u, correlation*u + math.Sqrt(1-correlation*correlation)*v})
		y[i] = floats.Dot(x.RawRowView(i), s.Descent.Optimum) + math.Sqrt(2*s.Descent.Floor)*rng.NormFloat64()
	}
	return NewStudy(x, y)
}

// floors are the mean excess losses over the later epochs, [kinds][seeds], with replacement and in reshuffled epochs, and
// those that theory predicts.
func floors(ctx context.Context, s *Study, settings ReplacementSettings) (measured [][]float64, predicted []float64, err error) {
	var samplers []sample.Sampler
	for _, kind := range []func(int) (sample.Sampler, error){sample.WithReplacement, sample.Reshuffled} {
		sampler, err := kind(settings.Batch)
		if err != nil {
			return nil, nil, err
		}
		samplers = append(samplers, sampler)
	}
	m := perEpoch(s, samplers[0])
	epochs := max(4, (settings.Steps+m-1)/m)
	orders, err := CompareOrders(ctx, s, OrderSettings{Samplers: samplers, Rate: settings.Rate, Epochs: epochs, Seeds: settings.Seeds})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range orders {
		measured = append(measured, o.Runs)
		predicted = append(predicted, mean(o.Predicted[1:]))
	}
	return measured, predicted, nil
}

// Draw shows the ratio over the number of examples.
func (r *Replacement) Draw() *figure.Figure {
	return figure.New("Noise floor: reshuffled epochs ÷ with replacement", figure.LogX("examples n"), figure.Y("ratio of the floors").Range(0, 1.15)).
		ConfidenceIntervals("measured", r.Examples, r.Ratio).Theory("theory, small η", r.Examples, r.Predicted).
		HLine(1, "equal").VLine(r.Memory, "SGD's memory")
}

// At says how large the ratio is for the i-th number of examples.
func (r *Replacement) At(i int) string {
	return fmt.Sprintf("n = %d: ratio %.3f (95 %%: %s), theory %.3f.", r.Examples[i], r.Ratio[i].Value, r.Ratio[i].Ends("%.3f"), r.Predicted[i])
}
