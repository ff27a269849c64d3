package lecture

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Agreement (claim S4) is how well batches agree with the full gradient along a run.
type Agreement struct {
	Batch     int // examples in a batch
	Step      []int
	Distance  []float64       // ‖θ_t − θ*‖
	Excess    []float64       // L(θ_t) − L(θ*)
	Cosine    []stat.Interval // measured between the gradient of a batch and the full one
	Predicted []float64       // exact
	Normal    []float64       // by the theory that takes the gradients of batches to be normally distributed
	Signal    []float64       // ‖∇L‖²
	Noise     []float64       // tr Cov of a batch's gradient
}

// Draw shows the cosine, and the signal beside the noise, over the distance to the optimum.
func (a *Agreement) Draw() *figure.Figure {
	distance := figure.LogX("distance to the optimum, ‖θ − θ*‖")
	return figure.Row(figure.New("Does a batch agree with all?", distance, figure.Y("cosine with the full gradient").Range(-0.1, 1.05)).
		ConfidenceIntervals("mean of batches", a.Distance, a.Cosine).
		Theory("theory, exact", a.Distance, a.Predicted).Theory("theory, if the noise were normal", a.Distance, a.Normal),
		figure.New("Signal and noise", distance, figure.LogY("squared length")).
			Points("signal: the full gradient, squared", a.Distance, a.Signal).Points("noise: variance of a batch's gradient", a.Distance, a.Noise))
}

// At says how well batches agree at record k, counted from the end if it is negative.
func (a *Agreement) At(k int) string {
	if k < 0 {
		k += len(a.Step)
	}
	return fmt.Sprintf("distance %.2g: cosine %.2f (95 %%: %s), exact theory %.2f, normal theory %.2f; noise scale %.2g",
		a.Distance[k], a.Cosine[k].Value, a.Cosine[k].Ends("%.2f"), a.Predicted[k], a.Normal[k], float64(a.Batch)*a.Noise[k]/a.Signal[k])
}

// AgreementSettings are those of MeasureAgreement.
type AgreementSettings struct {
	Start  []float64 // of the descent
	Rate   float64   // its learning rate
	Steps  int       // its steps
	Stride int       // steps from one measurement to the next
	Batch  int       // examples in a batch, drawn with replacement; at least 4
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
	sampler, err := sample.WithReplacement(b)
	if err != nil {
		return nil, err
	}
	a := &Agreement{Batch: b}
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
		exact, err := theory.BatchCosine(gradients, b)
		if err != nil {
			return nil, err
		}
		normal, err := noise.Cosine(b, theory.WithReplacement)
		if err != nil {
			return nil, err
		}
		a.Step, a.Distance, a.Excess = append(a.Step, h.Step[k]), append(a.Distance, floats.Distance(theta, s.Descent.Optimum, 2)), append(a.Excess, s.Excess(theta))
		a.Cosine, a.Predicted, a.Normal = append(a.Cosine, measured), append(a.Predicted, exact), append(a.Normal, normal)
		a.Signal = append(a.Signal, floats.Dot(noise.Gradient, noise.Gradient))
		a.Noise = append(a.Noise, mat.Trace(noise.Covariance)/float64(b))
	}
	return a, nil
}
