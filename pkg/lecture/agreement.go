package lecture

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Agreement (claim S4) is how well batches agree with the full gradient along a run.
type Agreement struct {
	Step      []int
	Excess    []float64       // L(θ_t) − L(θ*)
	Cosine    []stat.Interval // measured between the gradient of a batch and the full one
	Predicted []float64       // for normally distributed batch gradients
	Signal    []float64       // ‖∇L‖²/tr Cov, the signal-to-noise ratio
	Full      bool            // a batch is of all examples
}

// Draw shows the cosine, and the signal beside the noise where there is noise.
func (a *Agreement) Draw() *figure.Figure {
	cosines := figure.New("Do batches agree with all?", figure.X("step t"), figure.Y("cosine with the full gradient").Range(-0.2, 1.05))
	if a.Full {
		return cosines.Points("the batch of all", a.Step, a.Cosine)
	}
	cosines.ConfidenceBand("95 % interval", a.Step, a.Cosine).Points("mean of batches", a.Step, a.Cosine).
		Theory("theory, normal noise", a.Step, a.Predicted)
	return figure.Row(cosines, figure.New("Signal against noise", figure.X("step t"), figure.LogY("‖∇L‖² / tr Cov")).
		Line("signal-to-noise ratio", a.Step, a.Signal).HLine(1, "as loud as each other"))
}

// String says how well batches agree at the start and at the end.
func (a *Agreement) String() string {
	if a.Full {
		return "A batch of all patients is the full gradient: cosine 1, no noise."
	}
	end := len(a.Step) - 1
	return fmt.Sprintf("At the start:  excess loss %.3g, cosine %.2f, signal-to-noise %.2g.\n", a.Excess[0], a.Cosine[0].Value, a.Signal[0]) +
		fmt.Sprintf("After %d steps: excess loss %.2g, cosine %.2f, signal-to-noise %.1g.", a.Step[end], a.Excess[end], a.Cosine[end].Value, a.Signal[end])
}

// AgreementSettings are those of MeasureAgreement.
type AgreementSettings struct {
	Start  []float64 // of the descent
	Rate   float64   // its learning rate
	Steps  int       // its steps
	Stride int       // steps from one measurement to the next
	Batch  int       // examples in a batch, drawn without replacement
	Draws  int       // batches at each place
	Seed   int       // of the batches
}

// MeasureAgreement (claim S4) goes down by gradient descent and draws batches on the way. It is an error when a setting cannot be,
// and when the run fails.
func MeasureAgreement(ctx context.Context, s *Study, settings AgreementSettings) (*Agreement, error) {
	b, draws := settings.Batch, settings.Draws
	if err := counts("Steps", settings.Steps, "Draws", draws); err != nil {
		return nil, err
	}
	t, err := s.Trainer(train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{LearningRate: settings.Rate, Steps: settings.Steps, Stride: settings.Stride,
		Start: map[string]any{"theta": settings.Start}})
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
	a := &Agreement{Full: b == len(s.Targets)}
	for k, theta := range h.Params {
		gradients := s.ExampleGradients(theta)
		noise, err := theory.NewGradientNoise(gradients)
		if err != nil {
			return nil, err
		}
		if floats.Norm(noise.Gradient, 2) < 1e-12 {
			break // at the optimum to rounding: there is no direction to agree with
		}
		cosines := make([]float64, draws)
		for i := range draws {
			g := meanOf(gradients, sampler.Indices(k*draws+i, settings.Seed, len(s.Targets)))
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
