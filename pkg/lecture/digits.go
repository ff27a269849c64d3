package lecture

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/sample"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// DigitNets (claim N8) are nets of one non-linearity and scale, at one or several depths.
type DigitNets struct {
	Activation problem.Activation
	Scale      float64   // weights are drawn with the standard deviation Scale/√inputs
	Rates      []float64 // learning rates, one for each of the depths
}

// String names the non-linearity and the scale.
func (d DigitNets) String() string { return fmt.Sprintf("%s, s = %.3g", d.Activation, d.Scale) }

// DigitScore (claim N8) are the accuracies of nets of growing depth.
type DigitScore struct {
	DigitNets
	Depth          []int
	Known, Unknown []stat.Interval // on the digits learned from and on others, over seeds
	Runs           [][]float64     // on the others, [depth][seed]
}

// String lists the accuracies on unseen digits, with their intervals.
func (d *DigitScore) String() string {
	var words []string
	for i, depth := range d.Depth {
		share := d.Unknown[i]
		share.Low, share.High = max(share.Low, 0), min(share.High, 1)
		words = append(words, fmt.Sprintf("%s with %d", percent(share), depth))
	}
	return fmt.Sprintf("%s: %s hidden layers.", d.DigitNets, strings.Join(words, ", "))
}

// DrawDigits (claim N8) draws the accuracy of every run over the depths, and that of a guess. A run learns or does not, so a mean would hide both.
func DrawDigits(all []*DigitScore) *figure.Figure {
	var depths []string
	if len(all) > 0 {
		depths = figure.Each(all[0].Depth, func(depth int) string { return fmt.Sprint(depth) })
	}
	fig := figure.New("Digits recognized", figure.X("hidden layers").Categories(depths...), figure.Y("accuracy on unseen digits (%)").Range(0, 105))
	for _, d := range all {
		drawRuns(fig, d.DigitNets.String(), figure.Each(d.Runs, func(of []float64) []float64 { return floats.ScaleTo(make([]float64, len(of)), 100, of) }))
	}
	return fig.HLine(10, "a guess")
}

// DigitSettings are those of LearnDigits.
type DigitSettings struct {
	Depths []int // hidden layers
	Width  int   // units of each layer
	Steps  int   // of each run
	Seeds  int   // runs of each net
}

// LearnDigits (claim N8) trains nets on 1,500 digits by SGD with momentum on batches of 32, and tests them on the 297 others. It
// is an error when a setting cannot be, and when a run fails.
func LearnDigits(ctx context.Context, settings DigitSettings, nets ...DigitNets) (all []*DigitScore, err error) {
	if err := counts("Width", settings.Width, "Steps", settings.Steps, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	known, unknown, err := SplitDigits(1500)
	if err != nil {
		return nil, err
	}
	sampler, err := sample.Reshuffled(32)
	if err != nil {
		return nil, err
	}
	type program struct {
		activation problem.Activation
		depth      int
	}
	trainers := map[program]*train.Trainer{} // nets that differ in their scale alone share one
	for _, n := range nets {
		if len(n.Rates) != len(settings.Depths) {
			return nil, fmt.Errorf("%s has %d Rates: give one for each of the %d depths", n, len(n.Rates), len(settings.Depths))
		}
		d := &DigitScore{DigitNets: n, Depth: settings.Depths}
		for i, depth := range settings.Depths {
			if err := counts("Depth", depth); err != nil {
				return nil, err
			}
			model := ofDigits(slices.Repeat([]int{settings.Width}, depth)...)
			model.Activation = n.Activation
			key := program{n.Activation, depth}
			if trainers[key] == nil {
				net, err := problem.NewNet(model, known)
				if err != nil {
					return nil, err
				}
				if trainers[key], err = NewTrainer(net, "momentum", train.Record{}); err != nil {
					return nil, err
				}
				defer trainers[key].Close()
			}
			c := train.Config{LearningRate: n.Rates[i], Sampler: sampler, Steps: settings.Steps, Stride: settings.Steps}
			histories, err := sweep(ctx, []setup{{trainers[key], c, from(problem.Normal(n.Scale), model.Sizes)}}, 1, settings.Seeds)
			if err != nil {
				return nil, err
			}
			runs := accuracies(model, histories[0], unknown)
			learned, err := stat.MeanOverRuns(accuracies(model, histories[0], known), Confidence)
			if err != nil {
				return nil, err
			}
			tested, err := stat.MeanOverRuns(runs, Confidence)
			if err != nil {
				return nil, err
			}
			d.Known, d.Unknown, d.Runs = append(d.Known, learned), append(d.Unknown, tested), append(d.Runs, runs)
		}
		all = append(all, d)
	}
	return all, nil
}

// drawRuns draws the value of every run in each category, [category][run]: as intervals without a length, because these stand beside those of
// other names. Of no runs it draws nothing.
func drawRuns(fig *figure.Figure, name string, runs [][]float64) {
	var places []int
	var marks []stat.Interval
	for i, values := range runs {
		for _, v := range values {
			places, marks = append(places, i), append(marks, stat.Interval{Value: v, Low: v, High: v})
		}
	}
	if len(places) > 0 {
		fig.ConfidenceIntervals(name, places, marks)
	}
}

// accuracies are those of the runs; a run that diverged is as good as a guess.
func accuracies(model problem.MLP, histories []*train.History, data *problem.Labeled) []float64 {
	return figure.Column(histories, func(h *train.History) float64 {
		if _, diverged := h.Diverged(); diverged {
			return 0.1
		}
		return model.Accuracy(h.Final, data)
	})
}

// ofDigits is a model from digits' pixels to their classes with the hidden widths given, in float64.
func ofDigits(widths ...int) problem.MLP {
	return problem.MLP{Sizes: slices.Concat([]int{problem.DigitSide * problem.DigitSide}, widths, []int{10}), DType: dtypes.Float64}
}

// SplitDigits (claims N8 and W2) are the first n of the digits, and the others. It is an error when n is not between 1 and 1,796.
func SplitDigits(n int) (first, others *problem.Labeled, err error) {
	digits, err := problem.Digits()
	if err != nil {
		return nil, nil, err
	}
	return digits.Split(n)
}
