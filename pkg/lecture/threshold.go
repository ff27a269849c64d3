package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/relu"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// hessianProduct is Hv at θ, from the difference of two gradients: (∇L(θ+εv) − ∇L(θ−εv))/2ε.
func hessianProduct(l Landscape, theta, v []float64) ([]float64, error) {
	const epsilon = 1e-7 // a kink of a ReLU that is nearer than this would count as curvature
	at := make([]float64, len(theta))
	_, plus, err := l(floats.AddScaledTo(at, theta, epsilon, v))
	if err != nil {
		return nil, err
	}
	plus = slices.Clone(plus)
	_, minus, err := l(floats.AddScaledTo(at, theta, -epsilon, v))
	if err != nil {
		return nil, err
	}
	floats.Sub(plus, minus)
	floats.Scale(1/(2*epsilon), plus)
	return plus, nil
}

// Sharpness (claim G3) is the largest eigenvalue of the loss's Hessian at θ and its direction v, of length 1, by power iteration on
// products Hv, which are differences of gradients. The landscape computes in float64. It is an error when there is no landscape
// or it fails, and when the iteration does not converge.
func Sharpness(l Landscape, theta []float64) (lambda float64, v []float64, err error) {
	if l == nil {
		return 0, nil, errors.New("the landscape is nil: give a function such as a trainer's Evaluate")
	}
	return stat.PowerIteration(func(v []float64) ([]float64, error) { return hessianProduct(l, theta, v) }, len(theta), 1e-6)
}

// Hessian (claim G3) is all of the loss's Hessian at θ, column by column from differences of gradients: twice as many gradients as
// there are parameters. It has the errors of the landscape.
func Hessian(l Landscape, theta []float64) (*mat.SymDense, error) {
	n := len(theta)
	h := mat.NewSymDense(n, nil)
	for j := range n {
		unit := make([]float64, n)
		unit[j] = 1
		column, err := hessianProduct(l, theta, unit)
		if err != nil {
			return nil, err
		}
		for i := range j + 1 {
			h.SetSym(i, j, column[i])
		}
	}
	return h, nil
}

// Threshold (claim G3) is the largest rate that a trained net bears, by theory and measured.
type Threshold struct {
	Seed           int
	Loss, Gradient float64 // L(θ*) and ‖∇L(θ*)‖ where training ended
	Sharpness      float64 // λ_max of the Hessian at θ*
	Dead           bool    // every ReLU is off on every example: the net is a constant
	Measured       float64 // the largest rate at which a kick dies out; NaN where training has not come to rest
	// Fractions are rates as fractions of 2/λ_max. Component is how large the kick is after each step, along the sharpest
	// direction, and Predicted is |1 − ηλ_max|^t times its size at the start, both [fractions][steps].
	Fractions            []float64
	Component, Predicted [][]float64
}

// RestGradient is what ‖∇L‖ is below where training has come to rest, and ThresholdResolution the relative width of the interval in
// which the search for a threshold ends.
const (
	RestGradient        = 1e-6
	ThresholdResolution = 0.0002
)

// Rests says whether training has come to rest.
func (t *Threshold) Rests() bool { return t.Gradient < RestGradient }

// Theory is 2/λ_max.
func (t *Threshold) Theory() float64 { return theory.StabilityThreshold(t.Sharpness) }

// Draw shows what becomes of the kick, as far down as rounding lets it be seen.
func (t *Threshold) Draw() *figure.Figure {
	const least, most = 1e-14, 100
	fig := figure.New("What becomes of a kick", figure.X("step t after the kick"), figure.LogY("kick along the sharpest direction").Range(least, most))
	var theories [][]float64
	for i, f := range t.Fractions {
		var steps []int
		var component []float64 // at every 20th step, so that the theory is seen between
		for k := 0; k < len(t.Component[i]) && t.Component[i][k] > least; k += 20 {
			steps, component = append(steps, k), append(component, t.Component[i][k])
		}
		fig.Points(fmt.Sprintf("η = %g · 2/λ_max", f), steps, component)
		seen := t.Predicted[i]
		if end := slices.IndexFunc(seen, func(p float64) bool { return p < least || p > most }); end > 0 {
			seen = seen[:end]
		}
		theories = append(theories, seen)
	}
	for _, seen := range theories {
		fig.Theory("theory: 10⁻⁸·|1 − ηλ_max|ᵗ", nil, seen)
	}
	return fig
}

// Resting parts the nets that rest from those that are dead and those that still move.
func Resting(all []*Threshold) (resting, dead, moving []*Threshold) {
	for _, t := range all {
		switch {
		case t.Dead:
			dead = append(dead, t)
		case t.Rests():
			resting = append(resting, t)
		default:
			moving = append(moving, t)
		}
	}
	return resting, dead, moving
}

// KickEnds says, a line for each of the rates, how large the kicks of the nets are at the end.
func KickEnds(nets []*Threshold) string {
	if len(nets) == 0 {
		return ""
	}
	var lines []string
	for i, f := range nets[0].Fractions {
		last := figure.Column(nets, func(t *Threshold) float64 { return t.Component[i][len(t.Component[i])-1] })
		lines = append(lines, fmt.Sprintf("η = %g · 2/λ_max: after %d steps the kicks measure %.0e to %.0e.", f, shownSteps, slices.Min(last), slices.Max(last)))
	}
	return strings.Join(lines, "\n")
}

// SharpnessRange says between which numbers the sharpness of some nets lies.
func SharpnessRange(nets []*Threshold) string {
	if len(nets) == 0 {
		return "of none"
	}
	all := figure.Column(nets, func(t *Threshold) float64 { return t.Sharpness })
	return fmt.Sprintf("%.1f to %.1f", slices.Min(all), slices.Max(all))
}

// LargestGap is the greatest part by which a measured threshold differs from its theory.
func LargestGap(resting []*Threshold) (gap float64) {
	for _, t := range resting {
		gap = max(gap, math.Abs(t.Measured/t.Theory()-1))
	}
	return gap
}

// DrawThresholds shows the measured thresholds of nets at rest, at least one, over their theory.
func DrawThresholds(resting []*Threshold) *figure.Figure {
	predicted := figure.Column(resting, (*Threshold).Theory)
	ends := []float64{slices.Min(predicted) / 1.3, 1.3 * slices.Max(predicted)}
	return figure.New("Every net at rest", figure.LogX("theory: 2/λ_max"), figure.LogY("measured: η above which a kick grows")).
		Theory("measured = theory", ends, ends).
		Points("one point per network", predicted, figure.Column(resting, func(t *Threshold) float64 { return t.Measured }))
}

// ThresholdSettings are those of NetThresholds.
type ThresholdSettings struct {
	Width     int       // hidden units of the nets
	Rate      float64   // learning rate of the training, before anything is measured
	Steps     int       // of the training
	Seeds     int       // nets, from the seeds 1, 2, …
	Fractions []float64 // rates after the kick, as fractions of 2/λ_max
}

// NetThresholds (claim G3) trains SmallNets until they rest, measures the sharpness there, kicks each by 10⁻⁸ along the sharpest
// direction, and finds by bisection the rate up to which the kick dies out. Nets that do not rest are returned without
// a measurement. It is an error when training diverges at the rate, when a setting cannot be, when no net comes to rest, and when a net that
// rests has no threshold between a tenth of what theory says and ten times that: then it does not rest in a smooth minimum.
func NetThresholds(ctx context.Context, settings ThresholdSettings) ([]*Threshold, error) {
	if err := counts("Steps", settings.Steps, "Fractions", len(settings.Fractions)); err != nil {
		return nil, err
	}
	net, err := SmallNet(settings.Width)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "SGD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	base := train.Config{Steps: settings.Steps, Stride: max(1, settings.Steps)}
	trained, err := sweep(ctx, atRates(t, base, []float64{settings.Rate}), 1, settings.Seeds)
	if err != nil {
		return nil, err
	}
	tell, end := progress.Begin("nets kicked", settings.Seeds)
	defer end()
	var all []*Threshold
	for i, h := range trained[0] {
		if step, diverged := h.Diverged(); diverged {
			return nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, settings.Rate)
		}
		found, err := thresholdAt(ctx, t, h.Final, settings.Fractions)
		if err != nil {
			return nil, fmt.Errorf("seed %d: %w", i+1, err)
		}
		found.Seed = i + 1
		all = append(all, found)
		tell(i + 1)
	}
	if !slices.ContainsFunc(all, (*Threshold).Rests) {
		return nil, fmt.Errorf("none of %d nets has come to rest after %d steps: choose a smaller rate or another width", settings.Seeds, settings.Steps)
	}
	return all, nil
}

// thresholdAt is the Threshold of a SmallNet at the parameters, where training has ended.
func thresholdAt(ctx context.Context, t *train.Trainer, rest []float64, fractions []float64) (*Threshold, error) {
	loss, gradient, err := t.Evaluate(rest)
	if err != nil {
		return nil, err
	}
	result := &Threshold{Loss: loss, Gradient: floats.Norm(gradient, 2), Measured: math.NaN(), Fractions: fractions}
	net, err := relu.FromTheta(rest, 1, (len(rest)-1)/3, 1)
	if err != nil {
		return nil, err
	}
	xs, _ := smallNetPoints()
	result.Dead = !slices.ContainsFunc(net.UnitsOn(mat.NewDense(len(xs), 1, xs))[0], func(s relu.UnitState) bool { return s != relu.Dead })
	var v []float64
	if result.Sharpness, v, err = Sharpness(t.Evaluate, rest); err != nil || !result.Rests() {
		return result, err
	}
	for _, f := range fractions {
		rate := f * result.Theory()
		component, err := kick(ctx, t, rest, v, train.Config{LearningRate: rate, Steps: shownSteps})
		if err != nil {
			return nil, err
		}
		predicted := make([]float64, shownSteps+1)
		for k := range predicted {
			predicted[k] = max(component[0]*math.Pow(math.Abs(theory.Factor(rate, result.Sharpness)), float64(k)), rounded)
		}
		result.Component, result.Predicted = append(result.Component, component), append(result.Predicted, predicted)
	}
	result.Measured, err = stat.BisectThreshold(func(rate float64) (bool, error) {
		component, err := kick(ctx, t, rest, v, train.Config{LearningRate: rate, Steps: shownSteps, Stride: shownSteps})
		return len(component) < 2 || !(component[1] < component[0]), err
	}, result.Theory()/10, 10*result.Theory(), ThresholdResolution)
	if err != nil {
		return nil, fmt.Errorf("this net does not rest in a smooth minimum, try another: %w", err)
	}
	return result, nil
}

const (
	kickSize   = 1e-8  // how far a net is kicked
	shownSteps = 400   // for which it is followed
	rounded    = 1e-17 // what is less is rounding, and counts as this
)

// kick trains a SmallNet twice, from the parameters and from kickSize away along v, and returns how far the two are apart along v at
// the recorded steps.
func kick(ctx context.Context, t *train.Trainer, theta, v []float64, c train.Config) (component []float64, err error) {
	var paths [2][][]float64
	for i, from := range [][]float64{theta, floats.AddScaledTo(make([]float64, len(theta)), theta, kickSize, v)} {
		if c.Start, err = smallNetStart(from); err != nil {
			return nil, err
		}
		h, err := t.Run(ctx, c)
		if err != nil {
			return nil, err
		}
		paths[i] = h.Params
	}
	for k := range min(len(paths[0]), len(paths[1])) {
		apart := floats.SubTo(make([]float64, len(v)), paths[1][k], paths[0][k])
		component = append(component, max(math.Abs(floats.Dot(v, apart)), rounded))
	}
	return component, nil
}

// smallNetStart is the parameters of a SmallNet by name.
func smallNetStart(theta []float64) (map[string]any, error) {
	layers, err := problem.NewLayers(theta, 1, (len(theta)-1)/3, 1)
	if err != nil {
		return nil, err
	}
	return layers.Start(), nil
}

// SmallNet is a net of one hidden layer of width ReLUs, in float64, on 40 noisy points of a sine. It is an error when the width is not
// between 1 and 2^20.
func SmallNet(width int) (*problem.Net, error) { return smallNet(width, problem.ReLU) }

func smallNet(width int, activation problem.Activation) (*problem.Net, error) {
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	model := hidden(width)
	model.Activation = activation
	return problem.NewNet(model, problem.NewPoints(smallNetPoints()))
}

// smallNetPoints are the examples of a SmallNet.
func smallNetPoints() (xs, ys []float64) { return problem.Targets()[0].Sample(40, 0.1, 1) }
