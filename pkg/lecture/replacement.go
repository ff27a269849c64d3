package lecture

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Replacement (claim S13) compares the floors of SGD without and with replacement.
type Replacement struct {
	Examples  []int           // those of the sizes for which there are floors: SGD's variance is bounded, and not all are in a batch
	Ratio     []stat.Interval // measured, of the floor without replacement to that with
	Predicted []float64       // exact
}

// ReplacementSettings are those of CompareReplacement.
type ReplacementSettings struct {
	Batch int     // examples in a batch
	Rate  float64 // η, constant
	Sizes []int   // numbers of patients
	Steps int     // of each run
	Seeds int     // runs of each kind
}

// CompareReplacement (claim S13) measures the dance on the first patients, for each number of them. The interval of a ratio is that
// of the mean over pairs of runs with the same seed. It is an error when a setting cannot be, when a run fails, and when SGD has no
// floor for any of the sizes.
func CompareReplacement(ctx context.Context, settings ReplacementSettings) (*Replacement, error) {
	r := new(Replacement)
	for _, n := range settings.Sizes {
		s, err := TwoMeasurements(n, "bmi", "s5")
		if err != nil {
			return nil, err
		}
		bounded, err := s.SGD(settings.Batch)
		if err != nil {
			return nil, err
		}
		if settings.Rate >= bounded.Threshold || settings.Batch >= n {
			continue
		}
		with, predictedWith, err := floors(ctx, s, theory.WithReplacement, settings)
		if err != nil {
			return nil, err
		}
		without, predictedWithout, err := floors(ctx, s, theory.WithoutReplacement, settings)
		if err != nil {
			return nil, err
		}
		ratio, err := stat.MeanOverRuns(floats.DivTo(make([]float64, settings.Seeds), without, with), Confidence)
		if err != nil {
			return nil, err
		}
		r.Examples, r.Ratio, r.Predicted = append(r.Examples, n), append(r.Ratio, ratio), append(r.Predicted, predictedWithout/predictedWith)
	}
	if len(r.Examples) == 0 {
		return nil, fmt.Errorf("at η = %g with batches of %d SGD has no floor for any of these sizes: choose a smaller rate", settings.Rate, settings.Batch)
	}
	return r, nil
}

// floors are the mean excess losses of the settled runs of SGD, [seeds], and the one that theory predicts.
func floors(ctx context.Context, s *Study, of theory.Sampling, settings ReplacementSettings) (measured []float64, predicted float64, err error) {
	sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, settings.Batch, of)
	if err != nil {
		return nil, 0, err
	}
	stationary, err := sgd.Stationary(settings.Rate)
	if err != nil {
		return nil, 0, err
	}
	sampler, err := sampling(of, settings.Batch)
	if err != nil {
		return nil, 0, err
	}
	base := train.Config{Steps: settings.Steps, Stride: 10, Sampler: sampler, Start: map[string]any{"theta": s.Descent.Optimum}}
	histories, err := s.constant(ctx, base, Grid{Rates: []float64{settings.Rate}, Seeds: settings.Seeds})
	if err != nil {
		return nil, 0, err
	}
	for _, h := range histories[0] {
		measured = append(measured, s.settled(h))
	}
	return measured, sgd.ExcessLoss(stationary), nil
}
