package lecture

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Sharpness (claim G3) is the largest eigenvalue of the loss's Hessian at θ, by power iteration on products Hv, which are
// differences of gradients: Hv ≈ (∇L(θ+εv) − ∇L(θ−εv))/2ε. The landscape computes in float64. It is an error when there is no
// landscape or it fails, and when the iteration does not converge.
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

// Threshold (claim G3) is the largest rate that a trained net bears, by theory and measured.
type Threshold struct {
	Steps          int     // of training
	Loss, Gradient float64 // L(θ*) and ‖∇L(θ*)‖ there
	Sharpness      float64 // λ_max of the Hessian at θ*
	Measured       float64 // the largest rate at which the two runs stay together
	// Fractions are rates as fractions of 2/λ_max, and Distance how far the two runs are apart at each, at every tenth Step,
	// until they are a thousand times as far apart as at first: from there on chance has it.
	Fractions []float64
	Step      []int
	Distance  [][]float64
}

// String says in a sentence how the training before the measurement ended.
func (t *Threshold) String() string {
	if t.Rests() {
		return fmt.Sprintf("At rest after %d steps, with a loss of %.4f.", t.Steps, t.Loss)
	}
	return fmt.Sprintf("Not at rest after %d steps: the loss is %.4f, its gradient %.1g long, and what follows tells of a place on the way.",
		t.Steps, t.Loss, t.Gradient)
}

// Rests says whether training has come to rest, and not only to the edge of what its rate can bear.
func (t *Threshold) Rests() bool { return t.Gradient < 1e-6 }

// Draw shows how far the two runs are apart.
func (t *Threshold) Draw() *figure.Figure {
	fig := figure.New("Two copies, one kicked by a hair", figure.X("step t after the kick").Range(0, 400), figure.LogY("distance of the two").Range(1e-6, 1))
	for i, distance := range t.Distance {
		fig.Line(fmt.Sprintf("η = %g · 2/λ_max", t.Fractions[i]), t.Step[:len(distance)], distance)
	}
	return fig
}

// ThresholdSettings are those of NetThreshold.
type ThresholdSettings struct {
	Width int     // hidden units of the net
	Rate  float64 // learning rate of the training, before anything is measured
	Seed  int     // of the net's first parameters
}

// NetThreshold (claim G3) trains a SmallNet until it rests, measures the sharpness where it rests, and by bisection the rate up to
// which two runs, one from there and one from a hair away, stay together. It is an error when training diverges at the rate, when
// the width cannot be, and when there is no threshold between a tenth of what theory says and ten times that: then the net
// does not rest in a smooth minimum.
func NetThreshold(ctx context.Context, settings ThresholdSettings) (*Threshold, error) {
	net, err := SmallNet(settings.Width)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "SGD", train.Record{Params: true})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	const most = 100_000
	h, err := t.Run(ctx, train.Config{LearningRate: settings.Rate, Steps: most, Stride: most, Seed: settings.Seed})
	if err != nil {
		return nil, err
	}
	if step, diverged := h.Diverged(); diverged {
		return nil, fmt.Errorf("training diverged at step %d: choose a learning rate below %g", step, settings.Rate)
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

	const patience = 3000
	apart := func(rate float64, stride int) ([]float64, error) {
		return kickedApart(ctx, t, rest, train.Config{LearningRate: rate, Steps: patience, Stride: stride})
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
		for k := len(result.Step); k < len(distance); k++ {
			result.Step = append(result.Step, 10*k)
		}
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

// kickedApart trains a SmallNet twice, from the parameters and from a hair away, and returns the distance of the two at the recorded
// steps.
func kickedApart(ctx context.Context, t *train.Trainer, theta []float64, c train.Config) (distance []float64, err error) {
	kicked := make([]float64, len(theta)) // a kick of the same size in each parameter, its signs alternating
	for i, v := range theta {
		kicked[i] = v + 1e-6*float64(1-2*(i%2))
	}
	var paths [2][][]float64
	for i, from := range [][]float64{theta, kicked} {
		layers, err := problem.NewLayers(from, 1, (len(theta)-1)/3, 1)
		if err != nil {
			return nil, err
		}
		c.Start = layers.Start()
		h, err := t.Run(ctx, c)
		if err != nil {
			return nil, err
		}
		paths[i] = h.Params
	}
	for k := range min(len(paths[0]), len(paths[1])) {
		distance = append(distance, floats.Distance(paths[0][k], paths[1][k], 2))
	}
	return distance, nil
}

// SmallNet is a net of one hidden layer of width ReLUs, in float64, on 40 noisy points of a sine. It is an error when the width is not
// between 1 and 2^20.
func SmallNet(width int) (*problem.Net, error) {
	if err := counts("Width", width); err != nil {
		return nil, err
	}
	return problem.NewNet(hidden(width), problem.NewPoints(problem.Targets()[0].Sample(40, 0.1, 1)))
}
