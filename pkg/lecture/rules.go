package lecture

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/train"
)

// RuleState is what an update rule remembers of one parameter, 0 at the start: V the sum and M the mean of the gradients, S that of their
// squares, and T, the number of this step, from 1.
type RuleState struct{ V, M, S, T float64 }

// HandRule (claim H3) is an update rule written by hand: what becomes of a parameter, given the derivative g of the loss with respect
// to it and what the rule remembers of it.
type HandRule struct {
	Name string // that of the rule of package optim which it should be
	Next func(theta, g float64, s *RuleState) float64
}

// ByHand names a rule.
func ByHand(name string, next func(theta, g float64, s *RuleState) float64) HandRule {
	return HandRule{name, next}
}

// HandSettings are those of RunByHand.
type HandSettings struct {
	Rate                  float64 // learning rate η
	Momentum, WeightDecay float64 // of those rules of package optim that have one
	Steps                 int
}

// HandRun (claim H3) is a run under a rule written by hand, beside one under the rule of package optim.
type HandRun struct {
	Name string
	Path [][]float64 // θ_t of the rule written by hand, for t = 0, 1, …
	Off  float64     // the greatest distance between the two runs
}

// Slope is the loss on which rules are tried by hand: a valley of curvature 1 along its floor and 20 across it, turned by 30°, in float64, with the optimum at
// (1, 0.5) and the start at (−2.5, 0).
func Slope() *problem.Quadratic {
	valley, err := problem.NewQuadratic([]float64{1, 20}, problem.Rotation(math.Pi/6), []float64{1, 0.5})
	if err != nil {
		panic(err) // it has no settings
	}
	valley.Start, valley.DType = []float64{-2.5, 0}, dtypes.Float64
	return valley
}

// RunByHand (claim H3) runs the rules on Slope, by hand and by package optim. It is an error when optim has no rule of a name or
// refuses a constant, and when a run fails.
func RunByHand(ctx context.Context, settings HandSettings, rules ...HandRule) (HandRuns, error) {
	if err := counts("Steps", settings.Steps); err != nil {
		return nil, err
	}
	var runs HandRuns
	for _, rule := range rules {
		if rule.Next == nil {
			return nil, fmt.Errorf("%s has no function: write it", rule.Name)
		}
		run, err := runByHand(ctx, settings, rule)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
}

func runByHand(ctx context.Context, settings HandSettings, rule HandRule) (*HandRun, error) {
	valley := Slope()
	var options []optim.Option
	switch rule.Name {
	case "momentum", "Nesterov":
		options = []optim.Option{optim.Hyper("momentum", settings.Momentum)}
	case "AdamW":
		options = []optim.Option{optim.Hyper("weight_decay", settings.WeightDecay)}
	}
	made, err := optim.ByName(rule.Name, options...)
	if err != nil {
		return nil, err
	}
	t, err := newTrainer(valley, made, train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, train.Config{LearningRate: settings.Rate, Steps: settings.Steps})
	if err != nil {
		return nil, err
	}
	run, state := &HandRun{Name: rule.Name, Path: [][]float64{valley.Start}}, make([]RuleState, 2)
	for range len(h.Params) - 1 {
		theta := slices.Clone(run.Path[len(run.Path)-1])
		for i, g := range valley.Gradient(theta) {
			state[i].T++
			theta[i] = rule.Next(theta[i], g, &state[i])
		}
		run.Path = append(run.Path, theta)
	}
	for k, theta := range run.Path {
		run.Off = max(run.Off, math.Sqrt(squared(theta, h.Params[k])))
	}
	return run, nil
}

// HandRuns are the runs of some rules.
type HandRuns []*HandRun

// Draw shows the paths of the rules.
func (h HandRuns) Draw() *figure.Figure {
	fig := drawn("three rules", func() *figure.Figure {
		return figure.New("Three rules in one valley", figure.X("θ₁").Range(-3, 3), figure.Y("θ₂").Range(-2, 2)).
			Contour("loss L(θ)", figure.OnPlane(Slope().Value)).Mark("optimum", 1, 0.5)
	})
	for _, run := range h {
		fig.Trajectory(run.Name, run.Path)
	}
	return fig
}

// String says, a line for each rule, how far its run is from that of package optim.
func (h HandRuns) String() string {
	lines := make([]string, len(h))
	optimum, _ := Slope().Optimum()
	for i, r := range h {
		end := r.Path[len(r.Path)-1]
		lines[i] = fmt.Sprintf("%-10s differs from pkg/optim by at most %.1e in %d steps, and ends %.2g from the optimum.", r.Name+":", r.Off, len(r.Path)-1,
			math.Sqrt(squared(end, optimum)))
	}
	return strings.Join(lines, "\n")
}
