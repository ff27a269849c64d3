package lecture

import (
	"context"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Agreement is how well batches agree with the full gradient along a run (claim S4).
type Agreement struct {
	Step      []int
	Excess    []float64       // L(θ_t) − L(θ*)
	Cosine    []stat.Interval // measured between the gradient of a batch and the full one
	Predicted []float64       // for normally distributed batch gradients
	Signal    []float64       // ‖∇L‖²/tr Cov, the signal-to-noise ratio
}

// MeasureAgreement goes down by gradient descent from start, and at every stride-th step draws so many batches of b.
func MeasureAgreement(ctx context.Context, backend compute.Backend, s *Study, start []float64, eta float64, steps, stride, b, draws int, seed int64) (*Agreement, error) {
	if err := counts("steps", steps, "draws", draws); err != nil {
		return nil, err
	}
	t, err := s.Trainer(backend, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: steps, Stride: stride, Start: map[string]any{"theta": start}})
	if err != nil {
		return nil, err
	}
	sampler, err := sample.WithoutReplacement(b)
	if err != nil {
		return nil, err
	}
	if err := sampler.Check(len(s.Targets)); err != nil {
		return nil, err
	}
	a := new(Agreement)
	for k, theta := range h.Params {
		gradients := s.Gradients(theta)
		noise, err := theory.NewGradientNoise(gradients)
		if err != nil {
			return nil, err
		}
		if floats.Norm(noise.Gradient, 2) < 1e-12 {
			break // at the optimum to rounding: there is no direction to agree with
		}
		cosines := make([]float64, draws)
		for i := range draws {
			g := meanOf(gradients, sampler.Indices(k*draws+i, seed, len(s.Targets)))
			cosines[i] = theory.Cosine(g, noise.Gradient)
		}
		measured, err := stat.Mean(cosines, Confidence)
		if err != nil {
			return nil, err
		}
		predicted, err := noise.Cosine(b, theory.WithoutReplacement)
		if err != nil {
			return nil, err
		}
		signal, err := noise.SignalToNoise(b, theory.WithoutReplacement)
		if err != nil {
			return nil, err
		}
		a.Step, a.Excess = append(a.Step, h.Step[k]), append(a.Excess, s.Excess(theta))
		a.Cosine, a.Predicted, a.Signal = append(a.Cosine, measured), append(a.Predicted, predicted), append(a.Signal, signal)
	}
	return a, nil
}
