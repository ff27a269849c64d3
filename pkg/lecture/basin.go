package lecture

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// BasinSettings are those of MeasureBasin.
type BasinSettings struct {
	Target problem.Target
	Width  int
	Shifts []float64 // standard deviations of what is added to every parameter, ascending; 0 for the best net itself
	Rate   float64   // of Adam at first; 0 at the end
	Steps  int       // of each run
	Seeds  int       // runs for each shift
}

// Basin (claim N6) is where training ends that starts beside the best net: root mean square errors at 1,000 unseen points.
type Basin struct {
	Settings BasinSettings
	Best     float64         // of the net that is shifted
	Before   []stat.Interval // after the shift, before training; median and quartiles over seeds
	After    []stat.Interval // after training
	Random   stat.Interval   // after training from random starts
	// First is where the first steps of training lead from the best net itself, after 1 step and after 10.
	First [2]stat.Interval
}

// String says how far training comes back.
func (b *Basin) String() string {
	words := fmt.Sprintf("The best net's error is %.3g.", b.Best)
	for i, shift := range b.Settings.Shifts {
		words += fmt.Sprintf("\nshifted by %-5g error %.3g, after training %.3g", shift, b.Before[i].Value, b.After[i].Value)
	}
	return words + fmt.Sprintf("\nrandom start: after training %.3g.\nFrom the best net itself: error %.2g after 1 step, %.2g after 10 steps.",
		b.Random.Value, b.First[0].Value, b.First[1].Value)
}

// leaving are after how many steps Basin.First looks.
var leaving = [2]int{1, 10}

// MeasureBasin (claim N6) adds Gaussian noise to every parameter of the best net of the width that is known, of which each unit has weights
// of the same size, and trains it from there just like random starts. It is an error when a setting cannot be, and when a run fails.
func MeasureBasin(ctx context.Context, settings BasinSettings) (*Basin, error) {
	training := Training{Target: settings.Target, Rate: settings.Rate, Steps: settings.Steps, Seeds: settings.Seeds}
	if err := training.check(); err != nil {
		return nil, err
	}
	xs, ys := settings.Target.Grid(201)
	best, _, err := relu.FitElbows(xs, ys, xs[1:200], settings.Width)
	if err != nil {
		return nil, err
	}
	if best, err = Balanced(best); err != nil {
		return nil, err
	}
	b := &Basin{Settings: settings, Best: unseen(settings.Target, best.At)}
	model := shallow([]int{settings.Width})
	nets, err := netsOn(problem.NewPoints(xs, ys), model)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(nets[0], "Adam", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c, err := cosine(settings.Rate, settings.Steps, 40)
	if err != nil {
		return nil, err
	}
	setups := []setup{{t, c, from(problem.SpreadElbows(xs), nets[0].Sizes)}}
	for _, shift := range settings.Shifts {
		setups = append(setups, setup{t, c, func(seed int) map[string]any { return shifted(best, shift, seed).Start() }})
		var before []float64
		for seed := range settings.Seeds {
			before = append(before, unseen(settings.Target, shifted(best, shift, 1+seed).At))
		}
		b.Before = append(b.Before, Spread(before, 0.25))
	}
	for _, steps := range leaving {
		early := c
		early.Steps, early.Stride = steps, steps
		setups = append(setups, setup{t, early, func(int) map[string]any { return best.Start() }})
	}
	histories, err := sweep(ctx, setups, 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	vx, vy := points(settings.Target, 1000, 0.5)
	for i, runs := range histories {
		errors, _, err := outcomes(runs, nets[0].Sizes, offAt(vx, vy))
		if err != nil {
			return nil, err
		}
		switch spread, trained := Spread(errors, 0.25), i-1; {
		case i == 0:
			b.Random = spread
		case trained < len(settings.Shifts):
			b.After = append(b.After, spread)
		default:
			b.First[trained-len(settings.Shifts)] = spread
		}
	}
	return b, nil
}

// shifted is the net with Gaussian noise of the standard deviation given added to every parameter.
func shifted(net *relu.Net, deviation float64, seed int) *relu.Net {
	rng := rand.New(rand.NewPCG(uint64(seed), 182))
	theta := slices.Clone(net.Theta())
	for i := range theta {
		theta[i] += deviation * rng.NormFloat64()
	}
	moved, err := relu.FromTheta(theta, net.Sizes()...)
	if err != nil {
		panic(err)
	}
	return moved
}

// Draw (claim N6) draws the errors before and after training over the shift.
func (b *Basin) Draw() *figure.Figure {
	shifts := figure.Each(b.Settings.Shifts, func(shift float64) string { return fmt.Sprint(shift) })
	fig := figure.New("Back to the best net?", figure.X("shift of every parameter (standard deviation)").Categories(shifts...), figure.LogY("root mean square error")).
		ConfidenceIntervals("after the shift", nil, b.Before).ConfidenceIntervals("after training", nil, b.After).
		HLine(b.Best, "best net")
	if !math.IsNaN(b.Random.Value) {
		fig.Line("trained from random starts (median)", nil, figure.Column(b.Settings.Shifts, func(float64) float64 { return b.Random.Value }))
	}
	return fig
}
