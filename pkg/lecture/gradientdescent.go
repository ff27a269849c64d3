package lecture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	gonum "gonum.org/v1/gonum/stat"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// A Landscape returns L(θ) over all examples and ∇L(θ): Trainer.Evaluate is one.
type Landscape func(theta []float64) (loss float64, gradient []float64, err error)

// Taylor holds L(θ+Δ) against its first-order Taylor series L(θ) + ∇L(θ)·Δ along the steepest descent,
// Δ = −r ∇L/‖∇L‖, claim G2.
type Taylor struct {
	Radius []float64 // r = ‖Δ‖
	Loss   []float64 // L(θ+Δ)
	Linear []float64 // L(θ) − r‖∇L‖
	Error  []float64 // |L(θ+Δ) − linear|
	Slope  float64   // of log error on log radius: 2 if the error shrinks as ‖Δ‖²
	// Trust is the least radius at which the error is 10 % of the decrease r‖∇L‖ that the series promises.
	Trust float64
}

// LinearModel measures the Taylor series of the loss at θ for the radii, which are positive and ascending. It is an error
// when ∇L(θ) = 0: then no direction is downhill.
func LinearModel(l Landscape, theta []float64, radii []float64) (*Taylor, error) {
	if l == nil {
		return nil, errors.New("the landscape is nil: give a function such as a trainer's Evaluate")
	}
	if len(radii) == 0 || !(slices.Min(radii) > 0) || math.IsInf(slices.Max(radii), 1) || !slices.IsSorted(radii) {
		return nil, fmt.Errorf("radii are %v: they must be positive, finite and ascending, and at least one", radii)
	}
	loss, gradient, err := l(theta)
	if err != nil {
		return nil, err
	}
	norm := floats.Norm(gradient, 2)
	if norm == 0 {
		return nil, errors.New("the gradient is 0 here: no direction is downhill; start somewhere else")
	}
	at := func(r float64) (float64, error) {
		moved := make([]float64, len(theta))
		floats.AddScaledTo(moved, theta, -r/norm, gradient)
		loss, _, err := l(moved)
		return loss, err
	}
	t := &Taylor{Radius: radii}
	var logR, logE []float64
	for _, r := range radii {
		there, err := at(r)
		if err != nil {
			return nil, err
		}
		linear := loss - r*norm
		t.Loss, t.Linear, t.Error = append(t.Loss, there), append(t.Linear, linear), append(t.Error, math.Abs(there-linear))
		if e := math.Abs(there - linear); e > 0 {
			logR, logE = append(logR, math.Log(r)), append(logE, math.Log(e))
		}
	}
	if len(logR) > 1 {
		_, t.Slope = gonum.LinearRegression(logR, logE, nil, false)
	}
	// From inside the good region outwards: where the share of the error first exceeds 10 %.
	const share = 0.1
	inside, outside := 0.0, radii[0]
	for k := 0; ; k++ {
		there, err := at(outside)
		if err != nil {
			return nil, err
		}
		if math.Abs(there-loss+outside*norm) > share*outside*norm {
			break
		}
		if k == 200 {
			return nil, fmt.Errorf("the series is good to 10 %% up to a radius of %g and beyond: the loss is linear", outside)
		}
		inside, outside = outside, outside*1.1
	}
	for range 60 {
		middle := (inside + outside) / 2
		there, err := at(middle)
		if err != nil {
			return nil, err
		}
		if math.Abs(there-loss+middle*norm) > share*middle*norm {
			outside = middle
		} else {
			inside = middle
		}
	}
	t.Trust = inside
	return t, nil
}

var errNoTrainer = errors.New("the trainer is nil: look at the error of train.New")

// StepsToReach runs gradient descent at each rate until the loss above its minimum, floor, is a fraction ε of what it was
// at the start, and returns the number of steps, or −1 where the run did not get there within limit steps or diverged
// (claim G5).
func StepsToReach(ctx context.Context, t *train.Trainer, rates []float64, floor, epsilon float64, limit int) ([]int, error) {
	if t == nil {
		return nil, errNoTrainer
	}
	if err := counts("limit", limit); err != nil {
		return nil, err
	}
	steps := make([]int, len(rates))
	for i, eta := range rates {
		steps[i] = -1
		var h *train.History
		goal := 0.0
		for done, next := 0, 100; steps[i] < 0 && done < limit; done, next = done+next, 2*next {
			next = min(next, limit-done)
			var err error
			if h, err = t.Run(ctx, train.Config{LearningRate: eta, Steps: next, From: h}); err != nil {
				return nil, err
			}
			if done == 0 {
				goal = floor + epsilon*(h.Loss[0]-floor)
			}
			if k := slices.IndexFunc(h.Loss, func(loss float64) bool { return loss <= goal }); k >= 0 {
				steps[i] = h.Step[k]
			}
			if _, diverged := h.Diverged(); diverged {
				break
			}
		}
	}
	return steps, nil
}

// Sharpness is the largest eigenvalue of the loss's Hessian at θ, by power iteration on products Hv, which are
// differences of gradients: Hv ≈ (∇L(θ+εv) − ∇L(θ−εv))/2ε. For float64 landscapes.
func Sharpness(l Landscape, theta []float64) (float64, error) {
	if l == nil {
		return 0, errors.New("the landscape is nil: give a function such as a trainer's Evaluate")
	}
	const epsilon = 1e-5
	lambda, _, err := stat.PowerIteration(func(v []float64) ([]float64, error) {
		at := make([]float64, len(theta))
		_, plus, err := l(floats.AddScaledTo(at, theta, epsilon, v))
		if err != nil {
			return nil, err
		}
		_, minus, err := l(floats.AddScaledTo(at, theta, -epsilon, v))
		if err != nil {
			return nil, err
		}
		floats.Sub(plus, minus)
		floats.Scale(1/(2*epsilon), plus)
		return plus, nil
	}, len(theta), 1e-6)
	return lambda, err
}

// Threshold is what NetThreshold measures.
type Threshold struct {
	Steps          int     // of training
	Loss, Gradient float64 // L(θ*) and ‖∇L(θ*)‖ there
	Sharpness      float64 // λ_max of the Hessian at θ*
	Measured       float64 // the largest rate at which the two runs stay together
	// Fractions are rates as fractions of 2/λ_max, and Distance how far the two runs are apart at each, every 10 steps,
	// until they are a thousand times as far apart as at first: from there on chance has it.
	Fractions []float64
	Distance  [][]float64
}

// Rests says whether training has come to rest, and not only to the edge of what its rate can bear.
func (t *Threshold) Rests() bool { return t.Gradient < 1e-6 }

// NetThreshold trains a SmallNet until it rests, measures the sharpness where it rests, and by bisection the rate up to which two
// runs, one from there and one from a hair away, stay together (claim G3).
func NetThreshold(ctx context.Context, backend compute.Backend, width int, seed int64, eta float64) (*Threshold, error) {
	if err := counts("width", width); err != nil {
		return nil, err
	}
	net, err := SmallNet(width)
	if err != nil {
		return nil, err
	}
	t, err := train.New(backend, net, optim.GD(), train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	const most = 100_000
	h, err := t.Run(ctx, train.Config{LearningRate: eta, Steps: most, Stride: most, Seed: seed})
	if err != nil {
		return nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, eta)
	}
	rest := h.Final
	loss, gradient, err := t.Evaluate(rest)
	if err != nil {
		return nil, err
	}
	sharpness, err := Sharpness(t.Evaluate, rest)
	if err != nil {
		return nil, err
	}
	result := &Threshold{Steps: most, Loss: loss, Gradient: floats.Norm(gradient, 2), Sharpness: sharpness, Fractions: []float64{0.5, 0.95, 1.05}}

	kicked := make([]float64, len(rest)) // a kick of the same size in each parameter, its signs alternating
	for i := range rest {
		kicked[i] = rest[i] + 1e-6*float64(1-2*(i%2))
	}
	const patience = 3000
	path := func(from []float64, rate float64, stride int) ([][]float64, error) {
		h, err := t.Run(ctx, train.Config{LearningRate: rate, Steps: patience, Stride: stride, Start: named(h.Parameters, from)})
		if err != nil {
			return nil, err
		}
		return h.Params, nil
	}
	apart := func(rate float64, stride int) (distance []float64, err error) {
		one, err := path(rest, rate, stride)
		if err != nil {
			return nil, err
		}
		other, err := path(kicked, rate, stride)
		for k := range min(len(one), len(other)) {
			distance = append(distance, floats.Distance(one[k], other[k], 2))
		}
		return distance, err
	}
	threshold := theory.StabilityThreshold(sharpness)
	for _, f := range result.Fractions {
		distance, err := apart(f*threshold, 10)
		if err != nil {
			return nil, err
		}
		if far := slices.IndexFunc(distance, func(d float64) bool { return !(d < 1000*distance[0]) }); far >= 0 {
			distance = distance[:far+1]
		}
		result.Distance = append(result.Distance, distance)
	}
	result.Measured, err = stat.BisectThreshold(func(rate float64) (bool, error) {
		distance, err := apart(rate, patience)
		return len(distance) < 2 || !(distance[1] < 10*distance[0]), err
	}, threshold/10, 10*threshold, 0.002)
	if err != nil {
		return nil, fmt.Errorf("this net does not rest in a smooth minimum, try another seed: %w", err)
	}
	return result, nil
}

// named are flattened parameters by name, as train.Config.Start takes them.
func named(parameters []train.Parameter, theta []float64) map[string]any {
	start := make(map[string]any)
	for _, p := range parameters {
		size := 1
		for _, d := range p.Shape {
			size *= d
		}
		start[p.Name] = tensors.FromFlatDataAndDimensions(theta[:size], p.Shape...)
		theta = theta[size:]
	}
	return start
}

// Costs are what StepsToReach measured, beside theory and the clock.
type Costs struct {
	Rates, Measured, Predicted []float64 // of the rates that got there
	Agree                      bool      // measured and predicted are equal, rate for rate
	Cheapest                   int       // the place of the rate with the fewest steps
	SecondsPerStep             float64
}

// Bill measures how many steps a quadratic's run takes at each rate until the excess loss is a fraction ε of what it was,
// and what theory says; and the time of a step, from a long run (claim G5).
func Bill(ctx context.Context, t *train.Trainer, d *theory.Descent, start []float64, rates []float64, epsilon float64, limit int) (*Costs, error) {
	if err := counts("limit", limit); err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errors.New("the descent is nil: look at the error of theory.NewDescent")
	}
	measured, err := StepsToReach(ctx, t, rates, d.Floor, epsilon, limit)
	if err != nil {
		return nil, err
	}
	c := &Costs{Agree: true}
	for i, eta := range rates {
		predicted, err := d.Steps(eta, start, epsilon)
		if err != nil || measured[i] < 0 {
			c.Agree = c.Agree && (err != nil || predicted > limit) && measured[i] < 0
			continue
		}
		c.Agree = c.Agree && measured[i] == predicted
		c.Rates, c.Measured, c.Predicted = append(c.Rates, eta), append(c.Measured, float64(measured[i])), append(c.Predicted, float64(predicted))
	}
	if len(c.Rates) == 0 {
		return nil, fmt.Errorf("no rate got there within %d steps: raise the fraction to reach", limit)
	}
	c.Cheapest = floats.MinIdx(c.Measured)
	began := time.Now()
	const timed = 50_000
	if _, err := t.Run(ctx, train.Config{LearningRate: c.Rates[0], Steps: timed, Stride: timed}); err != nil {
		return nil, err
	}
	c.SecondsPerStep = time.Since(began).Seconds() / timed
	return c, nil
}

// SmallNet is one hidden layer of so many ReLUs, in float64, on 40 noisy points of a sine.
func SmallNet(width int) (*problem.Net, error) {
	if err := counts("width", width); err != nil {
		return nil, err
	}
	xs, ys := problem.Targets()[0].Sample(40, 0.1, 1)
	net, err := problem.NewRegression([]int{width}, xs, ys)
	if err != nil {
		return nil, err
	}
	net.DType = dtypes.Float64
	return net, nil
}
