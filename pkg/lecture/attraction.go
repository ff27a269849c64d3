package lecture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Attraction (claim N11) is how often training returns to an exact net after it has been disturbed.
type Attraction struct {
	Delta, Tolerance float64
	Back             stat.Interval // the part of the seeds that end below the tolerance
	Errors           []float64     // root mean square at the end, by seed; NaN where a run diverged
	Starts, Ends     []*relu.Net   // by seed, before and after training; an end is nil where the run diverged
}

// String says how many return.
func (a Attraction) String() string {
	return fmt.Sprintf("δ = %-4g  %s return", a.Delta, percent(a.Back))
}

// DrawAttraction (claim N11) draws the part that returns over δ, and the distance of neighboring kinks.
func DrawAttraction(all []Attraction, spacing float64) *figure.Figure {
	returned := "returned (%)"
	if len(all) > 0 {
		returned = fmt.Sprintf("error below %g at the end (%%)", all[0].Tolerance)
	}
	return figure.New("How often training returns", figure.LogX("δ, standard deviation of each knot’s move"), figure.Y(returned).Range(-2, 102)).
		ConfidenceIntervals("share of the runs", figure.Column(all, func(a Attraction) float64 { return a.Delta }),
			percents(figure.Each(all, func(a Attraction) stat.Interval { return a.Back }))).
		VLine(spacing, "distance of kinks")
}

// Draw draws, of the runs that return and of those that do not, the first one's net before and after training.
func (a Attraction) Draw(target problem.Target) *figure.Figure {
	var panels []*figure.Figure
	for _, returned := range []bool{true, false} {
		k := slices.IndexFunc(a.Errors, func(off float64) bool { return (off < a.Tolerance) == returned })
		if k < 0 {
			continue
		}
		title := fmt.Sprintf("%s: error %.2g", map[bool]string{true: "It returns", false: "It does not"}[returned], a.Errors[k])
		fig := Graph(title, target).Theory("target", nil, target.F)
		if a.Ends[k] != nil {
			fig.Line("after training", nil, a.Ends[k].At)
		}
		panels = append(panels, fig.Line("before training", nil, a.Starts[k].At))
	}
	return figure.Row(panels...)
}

// AttractSettings are those of Attract.
type AttractSettings struct {
	Training  Training
	Exact     *relu.Net // of one input, one hidden layer and one output
	Deltas    []float64
	Tolerance float64 // root mean square error that counts as returned
	// Disturb changes the net, a copy of Exact, by δ.
	Disturb func(net *relu.Net, delta float64, rng *rand.Rand)
}

// Attract (claim N11) disturbs an exact net by each δ, once for each seed, trains it on the target, and counts the runs that return. It
// is an error when a setting cannot be, and when a run fails.
func Attract(ctx context.Context, settings AttractSettings) ([]Attraction, error) {
	training, exact, disturb := settings.Training, settings.Exact, settings.Disturb
	if err := given("net", exact); err != nil {
		return nil, err
	}
	if _, _, err := exact.Elbows(); err != nil {
		return nil, err
	}
	if disturb == nil {
		return nil, errors.New("Disturb is nil: give a function that changes the net")
	}
	sizes := exact.Sizes()
	started := func(delta float64, seed int) *relu.Net {
		net := exact.Clone()
		disturb(net, delta, rand.New(rand.NewPCG(uint64(seed), 11)))
		return net
	}
	var variants []variant
	for _, delta := range settings.Deltas {
		variants = append(variants, variant{training.Rate, func(_ []int, seed int) problem.Layers { return started(delta, seed).Layers }})
	}
	histories, err := training.runVariants(ctx, hidden(sizes[1]), train.Record{}, variants)
	if err != nil {
		return nil, err
	}
	var all []Attraction
	for i, delta := range settings.Deltas {
		runs := histories[i]
		found, err := training.success(sizes[1], runs, settings.Tolerance)
		if err != nil {
			return nil, err
		}
		a := Attraction{Delta: delta, Tolerance: settings.Tolerance, Back: found.Rate, Errors: found.Errors}
		for k, h := range runs {
			var end *relu.Net
			if _, diverged := h.Diverged(); !diverged {
				if end, err = relu.FromTheta(h.Final, sizes...); err != nil {
					return nil, err
				}
			}
			a.Starts, a.Ends = append(a.Starts, started(delta, training.Before+1+k)), append(a.Ends, end)
		}
		all = append(all, a)
	}
	return all, nil
}

// WithSpares (claim N11) is the same function with further hidden units, up to a width: their knots are spread over [lo, hi], and their
// output weights are 0. The net itself is balanced (Balanced). It is an error when it is not a net that Balanced takes, or has more units
// than the width.
func WithSpares(net *relu.Net, width int, lo, hi float64) (*relu.Net, error) {
	if err := given("net", net); err != nil {
		return nil, err
	}
	balanced, err := Balanced(net)
	if err != nil {
		return nil, err
	}
	elbows, constant, err := balanced.Elbows()
	if err != nil {
		return nil, err
	}
	if width < len(elbows) {
		return nil, fmt.Errorf("width is %d: the net has %d units already", width, len(elbows))
	}
	rng := rand.New(rand.NewPCG(1, 15))
	for len(elbows) < width {
		w := 2*rng.Float64() - 1
		elbows = append(elbows, relu.Elbow{W: w, B: -w * (lo + (hi-lo)*rng.Float64())})
	}
	return relu.Sum(elbows, constant)
}
