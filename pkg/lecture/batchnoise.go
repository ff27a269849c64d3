package lecture

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
)

// BatchNoise (claim S2) is how the gradients of random batches scatter about the full one, at one θ.
type BatchNoise struct {
	Batch     []int
	Variance  []stat.Interval // measured E‖g_B − ∇L‖², for each size of batch
	Predicted []float64       // tr Σ · VarianceFactor
	// Bias is the greatest distance of a mean of batch gradients from the full gradient, in standard errors, over all
	// sizes and parameters; Comparisons is of how many.
	Bias        float64
	Comparisons int
}

// BatchNoiseSettings are those of MeasureBatchNoise.
type BatchNoiseSettings struct {
	Theta    []float64 // where the gradients are taken
	Sampling theory.Sampling
	Batches  []int // sizes of batches
	Draws    int   // batches of each size
	Seed     int
}

// String says in a sentence how well theory and measurement agree.
func (n *BatchNoise) String() string {
	inside := 0
	for i, v := range n.Variance {
		if v.Contains(n.Predicted[i]) || n.Predicted[i] == 0 && v.High < 1e-20 { // the batch of all, to rounding
			inside++
		}
	}
	return fmt.Sprintf("theory lies in %d of %d intervals (95 %%); the mean gradient is off by at most %.1f standard errors.",
		inside, len(n.Variance), n.Bias)
}

// DrawBatchNoise shows the error of batches of each size, drawn with and without replacement, and what the latter saves.
func DrawBatchNoise(with, without *BatchNoise) *figure.Figure {
	mustGive("noise", with, without)
	errors := figure.New("How far a batch's gradient is off", figure.LogX("batch size b"), figure.LogY("mean squared error of the gradient")).
		Theory("theory", with.Batch, with.Predicted).Points("with replacement", with.Batch, with.Variance)
	var batches []int
	var some []stat.Interval
	var predicted []float64
	ratio, saved := make([]stat.Interval, len(without.Batch)), make([]float64, len(without.Batch))
	for i, b := range without.Batch {
		ratio[i], saved[i] = without.Variance[i].Scaled(1/with.Predicted[i]), without.Predicted[i]/with.Predicted[i]
		if saved[i] > 0 && saved[i] < 0.9 { // a logarithmic axis has no place for 0, and of smaller batches the points would cover each other
			batches, some, predicted = append(batches, b), append(some, without.Variance[i]), append(predicted, without.Predicted[i])
		}
	}
	if len(batches) > 0 {
		errors.Theory("theory", batches, predicted).Points("without replacement", batches, some)
	}
	return figure.Row(errors, figure.New("Without replacement ÷ with", figure.LogX("batch size b"), figure.Y("ratio of the errors").Range(-0.05, 1.3)).
		Theory("theory: (n − b)/(n − 1)", without.Batch, saved).ConfidenceIntervals("without replacement", without.Batch, ratio))
}

// Law says which power of the batch's size the variance follows.
func (n *BatchNoise) Law() string {
	values, _, _ := figure.Ends(n.Variance)
	law, err := stat.FitPowerLaw(figure.Column(n.Batch, func(b int) float64 { return float64(b) }), values, Confidence)
	if err != nil {
		return "too few sizes to tell a power of b."
	}
	return fmt.Sprintf("variance ∝ b^%.2f (95 %%: %.2f … %.2f).", law.Exponent.Value, law.Exponent.Low, law.Exponent.High)
}

// MeasureBatchNoise (claim S2) draws batches of each size and holds the scatter of their gradients against theory. It is an error
// when the draws or a size cannot be.
func MeasureBatchNoise(s *Study, settings BatchNoiseSettings) (*BatchNoise, error) {
	if err := given("study", s); err != nil {
		return nil, err
	}
	of, draws := settings.Sampling, settings.Draws
	if err := counts("Draws", draws); err != nil {
		return nil, err
	}
	gradients := s.ExampleGradients(settings.Theta)
	n, d := gradients.Dims()
	noise, err := theory.NewGradientNoise(gradients)
	if err != nil {
		return nil, err
	}
	result := &BatchNoise{Batch: settings.Batches}
	for k, b := range settings.Batches {
		sampler, err := sampling(of, b)
		if err != nil {
			return nil, err
		}
		if err := sampler.Check(n); err != nil {
			return nil, err
		}
		predicted, err := noise.Batch(b, of)
		if err != nil {
			return nil, err
		}
		squares, sums := make([]float64, draws), make([]float64, d)
		for t := range draws {
			g := meanOf(gradients, sampler.Indices(k*draws+t, settings.Seed, n))
			floats.Add(sums, g)
			squares[t] = math.Pow(floats.Distance(g, noise.Gradient, 2), 2)
		}
		variance, err := stat.Mean(squares, Confidence)
		if err != nil {
			return nil, err
		}
		result.Variance = append(result.Variance, variance)
		result.Predicted = append(result.Predicted, mat.Trace(predicted))
		for j := range d {
			if sd := math.Sqrt(predicted.At(j, j) / float64(draws)); sd > 0 {
				result.Bias = max(result.Bias, math.Abs(sums[j]/float64(draws)-noise.Gradient[j])/sd)
				result.Comparisons++
			}
		}
	}
	return result, nil
}
