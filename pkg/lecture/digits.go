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
	var nets, tests []*problem.Net
	for _, activation := range settings.Activations {
		for _, depth := range settings.Depths {
			if err := counts("Depth", depth); err != nil {
				return nil, err
			}
			widths := slices.Repeat([]int{settings.Width}, depth)
			net, err := known.Net(widths)
			if err != nil {
				return nil, err
			}
			test, err := unknown.Net(widths)
			if err != nil {
				return nil, err
			}
			net.Activation, test.Activation, net.DType = activation, activation, dtypes.Float64
			nets, tests = append(nets, net), append(tests, test)
		}
	}
	start := func(net *problem.Net, seed int) map[string]any {
		return gaussian(known, net.Widths, settings.Scale, seed).Start()
	}
	c := train.Config{LearningRate: settings.Rate, Sampler: sampler, Steps: settings.Steps, Stride: settings.Steps}
	histories, err := lesson{nets: nets, rule: "momentum", config: c, start: start, seeds: settings.Seeds}.run(ctx)
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
				right = append(right, tests[k].Accuracy(h.Final))
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

// splitDigits are the first n of the digits, and the others.
func splitDigits(n int) (first, others *problem.Labeled, err error) {
	digits, err := problem.Digits()
	if err != nil {
		return nil, nil, err
	}
	return digits.Split(n)
}
