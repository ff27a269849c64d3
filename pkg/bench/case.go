// Package bench times one training run done by several contenders, the lab and other libraries, side by side: the same
// net, the same data, starting values and batches. First it compares their losses, which must agree. Then they take turns
// (the lab, JAX, PyTorch, the lab, …), because a machine that slows down then slows down all of them. The result is
//
//	ratio = median over the rounds of (the lab's time ÷ theirs in the same round)
//
// with an interval that holds the true median with 95 % confidence, whatever the distribution of the times.
package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Case is a training run to be timed: a net with one hidden layer of Width ReLUs learns sin 3x at Points places of
// [−1, 1], in batches drawn without replacement in epochs.
type Case struct {
	Width     int     `json:"width"`
	Batch     int     `json:"batch"`
	Points    int     `json:"points"`
	Steps     int     `json:"steps"`
	Optimizer string  `json:"optimizer"` // one of Optimizers
	LR        float64 `json:"lr"`        // the learning rate η
	Nets      int     `json:"nets"`      // how many nets are trained, each from its own start
}

// Optimizers are the rules that all contenders have, with the same constants.
var Optimizers = []string{"sgd", "momentum", "adam"}

// Constants are a rule's constants beside its rate, in every contender.
func Constants(optimizer string) map[string]float64 {
	switch optimizer {
	case "momentum":
		return map[string]float64{"momentum": 0.9}
	case "adam":
		return map[string]float64{"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
	}
	return map[string]float64{}
}

// UsualRate is a learning rate at which nets of the width learn well and the rule is stable, so that rounding does not
// decide where a run ends: the curvature grows with the width.
func UsualRate(optimizer string, width int) float64 {
	gentle := 0.05 * 64 / float64(max(width, 32))
	switch optimizer {
	case "momentum": // which multiplies the step by 1/(1−0.9)
		return gentle / 10
	case "adam":
		return gentle / 64
	}
	return gentle
}

// Reference is the case that the others are variations of.
func Reference() Case {
	return Case{Width: 64, Batch: 32, Points: 256, Steps: 5000, Optimizer: "sgd", LR: UsualRate("sgd", 64), Nets: 1}
}

// Table lists the reference case, then other widths and batches by SGD, then the other optimizers.
func Table() []Case {
	cases := []Case{Reference()}
	widths := []int{10, 64, 256, 1024}
	for _, optimizer := range Optimizers {
		for _, width := range widths {
			for _, batch := range []int{8, 32, 256} {
				c := Reference()
				c.Width, c.Batch, c.Optimizer, c.LR = width, batch, optimizer, UsualRate(optimizer, width)
				if c != cases[0] && (optimizer == "sgd" || batch == cases[0].Batch) {
					cases = append(cases, c)
				}
			}
		}
	}
	return cases
}

// maxIndices bounds the table of batches, which is sent to every contender.
const maxIndices = 20_000_000

// Check returns an error that names the first setting out of its bounds, as the flag of cmd/bench that sets it. Otherwise it
// returns nil.
func (c Case) Check() error {
	for _, s := range []struct {
		name       string
		value, max int
	}{
		{"width", c.Width, 100_000},
		{"points", c.Points, 1_000_000},
		{"steps", c.Steps, 1_000_000},
		{"nets", c.Nets, 1000},
	} {
		if s.value < 1 || s.value > s.max {
			return fmt.Errorf("--%s is %d: it must be between 1 and %d", s.name, s.value, s.max)
		}
	}
	if c.Batch < 1 || c.Batch > c.Points {
		return fmt.Errorf("--batch is %d: it must be between 1 and the %d points", c.Batch, c.Points)
	}
	if c.Steps*c.Batch > maxIndices {
		return fmt.Errorf("--steps %d of --batch %d are too many examples: the product must be at most %d",
			c.Steps, c.Batch, maxIndices)
	}
	if !slices.Contains(Optimizers, c.Optimizer) {
		return fmt.Errorf("--optimizer is %q: it must be one of %s", c.Optimizer, strings.Join(Optimizers, ", "))
	}
	if !(c.LR > 0) || math.IsInf(c.LR, 0) {
		return fmt.Errorf("--lr is %v: it must be a finite number greater than 0", c.LR)
	}
	return nil
}

// String names the case in a sentence.
func (c Case) String() string {
	nets := ""
	if c.Nets > 1 {
		nets = fmt.Sprintf(", %d nets", c.Nets)
	}
	return fmt.Sprintf("width %d, batch %d, %s at η = %.3g%s", c.Width, c.Batch, c.Optimizer, c.LR, nets)
}
