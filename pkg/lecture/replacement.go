package lecture

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"

	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Replacement compares the floors of SGD without and with replacement (claim S13).
type Replacement struct {
	Examples  []int           // those of the sizes for which there are floors: SGD's variance is bounded, and not all are in a batch
	Ratio     []stat.Interval // measured, of the floor without replacement to that with
	Predicted []float64       // exact
}

// CompareReplacement measures the dance of batches of b on the first patients, for each number of them. The interval of a
// ratio is that of the mean over pairs of runs with the same seed.
func CompareReplacement(ctx context.Context, backend compute.Backend, b int, eta float64, sizes []int, steps, seeds int) (*Replacement, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	r := new(Replacement)
	for _, n := range sizes {
		s, err := TwoMeasurements(n, "bmi", "s5")
		if err != nil {
			return nil, err
		}
		bounded, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, theory.WithReplacement)
		if err != nil {
			return nil, err
		}
		if eta >= bounded.Threshold || b >= n {
			continue
		}
		r.Examples = append(r.Examples, n)
		t, err := s.Trainer(backend, train.Record{Params: true})
		if err != nil {
			return nil, err
		}
		var floors [2][]float64
		var predicted [2]float64
		for k, of := range []theory.Sampling{theory.WithReplacement, theory.WithoutReplacement} {
			sgd, err := theory.LeastSquaresSGD(s.Features, s.Targets, b, of)
			if err != nil {
				return nil, err
			}
			stationary, err := sgd.Stationary(eta)
			if err != nil {
				return nil, err
			}
			predicted[k] = sgd.ExcessLoss(stationary)
			sampler, err := sampling(of, b)
			if err != nil {
				return nil, err
			}
			base := train.Config{Steps: steps, Stride: 10, Sampler: sampler, Start: map[string]any{"theta": s.Descent.Optimum}}
			histories, err := train.Sweep(ctx, t.Grid(base, []float64{eta}, Seeds(seeds)), 0, nil)
			if err != nil {
				return nil, err
			}
			for _, h := range histories {
				floor, settled := 0.0, h.Params[len(h.Params)/10+1:]
				for _, theta := range settled {
					floor += s.Excess(theta) / float64(len(settled))
				}
				floors[k] = append(floors[k], floor)
			}
		}
		t.Close()
		ratios := make([]float64, seeds)
		for i := range ratios {
			ratios[i] = floors[1][i] / floors[0][i]
		}
		ratio, err := stat.MeanOverRuns(ratios, Confidence)
		if err != nil {
			return nil, err
		}
		r.Ratio, r.Predicted = append(r.Ratio, ratio), append(r.Predicted, predicted[1]/predicted[0])
	}
	if len(r.Examples) == 0 {
		return nil, fmt.Errorf("at η = %g with batches of %d SGD has no floor for any of these sizes: choose a smaller rate", eta, b)
	}
	return r, nil
}
