package lecture

import (
	"cmp"
	"context"
	"slices"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/sample"
	"descent.example/pkg/train"
)

// Sampled runs SGD with each sampler over so many seeds, and returns the mean excess loss over all examples along the way.
func Sampled(ctx context.Context, backend compute.Backend, s *Study, samplers []sample.Sampler, eta float64, steps, stride, seeds int) ([]*Curve, error) {
	if err := counts("steps", steps, "seeds", seeds); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var jobs []train.Job
	for _, sampler := range samplers {
		jobs = append(jobs, t.Grid(train.Config{Steps: steps, Stride: stride, Sampler: sampler}, []float64{eta}, Seeds(seeds))...)
	}
	histories, err := train.Sweep(ctx, jobs, 0, nil)
	if err != nil {
		return nil, err
	}
	curves := make([]*Curve, len(samplers))
	for i, sampler := range samplers {
		curves[i], err = MeanCurve(sampler.String(), histories[i*seeds:(i+1)*seeds],
			func(h *train.History, k int) float64 { return s.Excess(h.Params[k]) })
		if err != nil {
			return nil, err
		}
	}
	return curves, nil
}

// SortedStudy is that of all patients by two measurements, in the order of their disease's progression (claim S12).
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
