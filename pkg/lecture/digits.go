package lecture

import (
	"context"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// DigitScore (claims N8, N9) are the accuracies on held-out digits of nets of growing depth.
type DigitScore struct {
	Activation problem.Activation
	Depth      []float64
	Accuracy   []stat.Interval // over seeds
}

// DrawDigits (claims N8, N9) draws the accuracies over the depths, and that of a guess.
func DrawDigits(all []*DigitScore) *figure.Figure {
	fig := figure.New("Digits recognized", figure.X("hidden layers"), figure.Y("accuracy on unseen digits (%)").Range(0, 105))
	for _, d := range all {
		fig.ConfidenceIntervals(d.Activation.String(), d.Depth, percents(d.Accuracy))
	}
	return fig.HLine(10, "a guess")
}

// DigitSettings are those of LearnDigits.
type DigitSettings struct {
	Activations []problem.Activation
	Depths      []int   // hidden layers
	Width       int     // units of each layer
	Scale       float64 // weights are drawn with the standard deviation Scale/√inputs
	Rate        float64 // learning rate
	Steps       int     // of each run
	Seeds       int     // runs of each net
}

// LearnDigits (claims N8, N9) trains nets on 1,500 digits by SGD with momentum on batches of 32, and tests them on the 297 others. It
// is an error when a setting cannot be, and when a run fails.
func LearnDigits(ctx context.Context, settings DigitSettings) ([]*DigitScore, error) {
	if err := counts("Width", settings.Width, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	known, unknown, err := splitDigits(1500)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.Reshuffled(32)
	if err != nil {
		return nil, err
	}
	var models []problem.MLP
	for _, activation := range settings.Activations {
		for _, depth := range settings.Depths {
			if err := counts("Depth", depth); err != nil {
				return nil, err
			}
			model := ofDigits(slices.Repeat([]int{settings.Width}, depth)...)
			model.Activation = activation
			models = append(models, model)
		}
	}
	nets, err := netsOn(known, models)
	if err != nil {
		return nil, err
	}
	c := train.Config{LearningRate: settings.Rate, Sampler: sampler, Steps: settings.Steps, Stride: settings.Steps}
	histories, err := lesson{nets: nets, rule: "momentum", config: c, start: problem.Normal(settings.Scale), seeds: settings.Seeds}.run(ctx)
	if err != nil {
		return nil, err
	}
	var all []*DigitScore
	for i, activation := range settings.Activations {
		d := &DigitScore{Activation: activation}
		for j, depth := range settings.Depths {
			k := i*len(settings.Depths) + j
			var right []float64
			for _, h := range histories[k] {
				if _, diverged := h.Diverged(); diverged {
					right = append(right, 0.1) // as good as a guess
					continue
				}
				right = append(right, models[k].Accuracy(h.Final, unknown))
			}
			accuracy, err := stat.MeanOverRuns(right, Confidence)
			if err != nil {
				return nil, err
			}
			d.Depth, d.Accuracy = append(d.Depth, float64(depth)), append(d.Accuracy, accuracy)
		}
		all = append(all, d)
	}
	return all, nil
}

// ofDigits is a model from digits' pixels to their classes with the hidden widths given, in float64.
func ofDigits(widths ...int) problem.MLP {
	return problem.MLP{Sizes: slices.Concat([]int{problem.DigitSide * problem.DigitSide}, widths, []int{10}), DType: dtypes.Float64}
}

// splitDigits are the first n of the digits, and the others.
func splitDigits(n int) (first, others *problem.Labeled, err error) {
	digits, err := problem.Digits()
	if err != nil {
		return nil, nil, err
	}
	return digits.Split(n)
}
