package lecture

import (
	"cmp"
	"context"
	"slices"

	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// OrderSettings are those of CompareOrders.
type OrderSettings struct {
	Samplers []sample.Sampler // orders to compare
	Rate     float64          // η, constant
	Steps    int              // of each run
	Stride   int              // steps from one record to the next
	Seeds    int              // runs of each
}

// CompareOrders (claim S12) runs SGD with each sampler, and returns the mean excess loss over all examples along the way. It is an
// error when a setting cannot be, and when a run fails.
func CompareOrders(ctx context.Context, s *Study, settings OrderSettings) ([]*Curve, error) {
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var setups []setup
	for _, sampler := range settings.Samplers {
		setups = append(setups, setup{trainer: t, config: train.Config{LearningRate: settings.Rate, Steps: settings.Steps,
			Stride: settings.Stride, Sampler: sampler}})
	}
	histories, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	curves := make([]*Curve, len(setups))
	for i, sampler := range settings.Samplers {
		curves[i], err = MeanCurve(sampler.String(), histories[i], func(h *train.History, k int) float64 { return s.Excess(h.Params[k]) })
		if err != nil {
			return nil, err
		}
	}
	return curves, nil
}

// Orders are those that are compared, with batches of b: in order, with replacement, shuffled once, and reshuffled every epoch. It is
// an error when b is not positive.
func Orders(b int) ([]sample.Sampler, error) {
	var all []sample.Sampler
	for _, order := range []func(int) (sample.Sampler, error){sample.InOrder, sample.WithReplacement, sample.ShuffledOnce, sample.Reshuffled} {
		sampler, err := order(b)
		if err != nil {
			return nil, err
		}
		all = append(all, sampler)
	}
	return all, nil
}

// SortedStudy (claim S12) is that of all patients by two measurements, in the order of their disease's progression. It is an error
// when there is no measurement of that name.
func SortedStudy(first, second string) (*Study, error) {
	s, err := TwoMeasurements(0, first, second)
	if err != nil {
		return nil, err
	}
	n := len(s.Targets)
	order := sample.Full().Indices(0, 0, n)
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(s.Targets[i], s.Targets[j]) })
	x, y := mat.NewDense(n, 2, nil), make([]float64, n)
	for place, i := range order {
		x.SetRow(place, s.Features.RawRowView(i))
		y[place] = s.Targets[i]
	}
	return NewStudy(x, y)
}
