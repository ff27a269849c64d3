package lecture

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/diagnosis"
	"descent.example/pkg/figure"
	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
	"descent.example/pkg/sample"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// OwnNet (claims G3, N12, W1) is a training that TrainOwn watches. What is not set has the value in brackets.
type OwnNet struct {
	Target problem.Target
	X, Y   []float64 // the examples that the net learns from [60 of the target's, with Noise]
	Noise  float64   // standard deviation of the noise in the targets, of unseen examples too [0]
	// Problem is the model and its loss on the examples: a problem.Net, or a train.Model of one input and one output in float64
	// [a ReLU net of one hidden layer of 32 units].
	Problem   problem.Problem
	Start     problem.Initializer // of a problem.Net [problem.SpreadElbows over X]; a train.Model has its own
	Optimizer optimizer.Interface // [Adam]
	Edge      float64             // the η·λ beyond which the optimizer diverges on a quadratic, EdgeOf [0: there is none]
	Schedule  schedule.Schedule   // [0.01]
	Sampler   sample.Sampler      // [all examples at every step]
	Steps     int                 // [2,000]
	Seed      int                 // of the examples, the start and the batches
}

// settled fills in what is not set.
func (o OwnNet) settled() (OwnNet, error) {
	if o.Target.F == nil {
		return o, errors.New("the target has no function: set F, Lo and Hi, or take one of problem.Targets")
	}
	if len(o.X) == 0 {
		o.X, o.Y = o.Target.Sample(60, o.Noise, o.Seed)
	}
	var errs [3]error
	if o.Problem == nil {
		o.Problem, errs[0] = problem.NewNet(hidden(32), problem.NewPoints(o.X, o.Y))
	}
	if o.Start == nil {
		o.Start = problem.SpreadElbows(o.X)
	}
	if o.Optimizer == nil {
		o.Optimizer, errs[1] = optim.ByName("Adam")
	}
	if o.Schedule.Structure() == "" {
		o.Schedule, errs[2] = schedule.Constant(0.01)
	}
	if o.Steps == 0 {
		o.Steps = 2000
	}
	return o, errors.Join(errs[:]...)
}

// model is the net's, if it is a problem.Net.
func (o OwnNet) model() (problem.MLP, bool) {
	if net, is := o.Problem.(*problem.Net); is {
		return net.MLP, true
	}
	return problem.MLP{}, false
}

// trainer is a trainer of the net.
func (o OwnNet) trainer() (*train.Trainer, error) {
	return newTrainer(o.Problem, o.Optimizer, train.Record{Params: true})
}

// config is that of the run, with about the given number of records.
func (o OwnNet) config(records int) train.Config {
	c := train.Config{Schedule: o.Schedule, Sampler: o.Sampler, Steps: o.Steps, Stride: max(1, o.Steps/records), Seed: o.Seed}
	if model, is := o.model(); is {
		c.Start = o.Start(model.Sizes, o.Seed).Start()
	}
	return c
}

// EdgeOf (claim G3) is the η·λ beyond which the optimizer of that name diverges along a direction of curvature λ of a quadratic, on all
// examples at a constant rate η: 2 for gradient descent, 2(1+β) for momentum and 2(1+β)/(1+2β) for Nesterov, with β = 0.9. The
// other optimizers rescale the gradient: it is 0.
func EdgeOf(optimizer string) float64 {
	const beta = 0.9 // optim.ByName's
	switch optimizer {
	case "GD", "SGD":
		return 2
	case "momentum":
		return 2 * (1 + beta)
	case "Nesterov":
		return 2 * (1 + beta) / (1 + 2*beta)
	}
	return 0
}

// OwnRun (claims G3, N12, W1) is what TrainOwn saw. At each record it has the losses ½ mean (f(x) − y)² on the examples and on unseen
// ones, and at some of them the sharpness.
type OwnRun struct {
	OwnNet
	Step         []int       // steps done at each record
	Theta        [][]float64 // the parameters there
	Seen, Unseen []float64   // losses
	Floor        float64     // the loss on unseen examples of a net that is the target: half of the noise's variance
	SharpAt      []int       // the steps at which the sharpness was taken
	Sharpness    []float64   // λ_max of the Hessian of the loss on the examples
	DivergedAt   int         // the step at which the run diverged; −1 if it did not
	Diagnosis    *diagnosis.Diagnosis

	unseenX, unseenY []float64
	curveX           []float64
	curves           [][]float64        // f at curveX, at each record; of a problem.Net computed when it is drawn
	elbows           []func() []float64 // elbowsAt of each record, found once: the frames of a film draw them again and again
}

const (
	ownRecords   = 30  // of a run
	ownSharpness = 12  // records with a sharpness
	ownUnseen    = 120 // examples
	ownTolerance = 0.2 // the root mean square error at which a function counts as learned
)

// TrainOwn (claims G3, N12, W1) trains a net, watches it and makes a diagnosis. It is an error when the target has no function and
// when a setting cannot be.
func TrainOwn(ctx context.Context, settings OwnNet) (*OwnRun, error) {
	o, err := settings.settled()
	if err != nil {
		return nil, err
	}
	t, err := o.trainer()
	if err != nil {
		return nil, err
	}
	defer t.Close()
	h, err := t.Run(ctx, o.config(ownRecords))
	if err != nil {
		return nil, err
	}
	r := &OwnRun{OwnNet: o, Step: h.Step, Theta: h.Params, Floor: o.Noise * o.Noise / 2, DivergedAt: -1}
	if at, diverged := h.Diverged(); diverged {
		r.DivergedAt = at
	}
	for k := range r.Step {
		r.elbows = append(r.elbows, sync.OnceValue(func() []float64 { return r.elbowsAt(k) }))
	}
	sharp := make(chan error, 1)
	go func() { sharp <- r.followSharpness(ctx, t.Evaluate) }() // beside the losses
	err = r.predict(t)
	if err := errors.Join(err, <-sharp); err != nil {
		return nil, err
	}
	return r, r.diagnose(ctx, t)
}

// predict computes the net's values at each record.
func (r *OwnRun) predict(t *train.Trainer) error {
	r.unseenX, r.unseenY = r.Target.Sample(ownUnseen, r.Noise, r.Seed+1_000_000)
	r.curveX, _ = r.Target.Grid(101)
	f := outputsOf(r.OwnNet, t)
	all := slices.Concat(r.X, r.unseenX)
	if _, is := r.model(); !is {
		all = append(all, r.curveX...)
	}
	for _, theta := range r.Theta {
		values, err := f(theta, all)
		if err != nil {
			return err
		}
		n, m := len(r.X), len(r.X)+len(r.unseenX)
		half := func(ys, of []float64) float64 {
			e := rms(ys, func(i int) float64 { return of[i] })
			return e * e / 2
		}
		r.Seen, r.Unseen = append(r.Seen, half(r.Y, values[:n])), append(r.Unseen, half(r.unseenY, values[n:m]))
		if len(values) > m {
			r.curves = append(r.curves, values[m:])
		}
	}
	return nil
}

// curve is f at curveX, at a record.
func (r *OwnRun) curve(record int) []float64 {
	if model, is := r.model(); is {
		return outputs(model, r.Theta[record], r.curveX)
	}
	return r.curves[record]
}

// outputsOf is the model as a function of its parameters and many inputs.
func outputsOf(o OwnNet, t *train.Trainer) func(theta, xs []float64) ([]float64, error) {
	if model, is := o.model(); is {
		return func(theta, xs []float64) ([]float64, error) { return outputs(model, theta, xs), nil }
	}
	return func(theta, xs []float64) ([]float64, error) {
		out, err := t.Predict(theta, figure.Each(xs, func(x float64) []float64 { return []float64{x} }))
		return slices.Concat(out...), err
	}
}

// outputs are those of a model of one input and one output.
func outputs(model problem.MLP, theta, xs []float64) []float64 {
	return model.Outputs(theta, mat.NewDense(len(xs), 1, xs)).RawMatrix().Data
}

// followSharpness takes the sharpness at some of the records, each from the direction of the one before.
func (r *OwnRun) followSharpness(ctx context.Context, l Landscape) error {
	const first, later = 10, 3 // products with the Hessian
	products := first
	var v []float64
	for i := range ownSharpness {
		k := i * r.last() / (ownSharpness - 1)
		if ctx.Err() != nil || i > 0 && r.Step[k] == r.SharpAt[len(r.SharpAt)-1] {
			continue
		}
		hv, err := r.hessianAt(l, r.Theta[k])
		if err != nil {
			return err
		}
		lambda, direction, err := stat.Lanczos(hv, len(r.Theta[k]), v, products)
		if err != nil {
			return nil // of a run that diverges numbers may be too large for it
		}
		v, products = direction, later
		r.SharpAt, r.Sharpness = append(r.SharpAt, r.Step[k]), append(r.Sharpness, lambda)
	}
	return nil
}

// hessianAt is how the Hessian at θ multiplies a vector.
func (r *OwnRun) hessianAt(l Landscape, theta []float64) (func(v []float64) ([]float64, error), error) {
	if net, is := r.Problem.(*problem.Net); is {
		product, err := net.HessianAt(theta)
		return func(v []float64) ([]float64, error) { return product(v), nil }, err
	}
	return func(v []float64) ([]float64, error) { return hessianProduct(l, theta, v) }, nil
}

// net is the ReLU net of a record; nil if the model is another.
func (r *OwnRun) net(record int) *relu.Net {
	model, is := r.model()
	if !is || model.Activation != problem.ReLU {
		return nil
	}
	net, err := relu.FromTheta(r.Theta[record], model.Sizes...)
	if err != nil {
		return nil // it has diverged
	}
	return net
}

// elbowsAt are the places in the interval where the net of a record bends; of a net without ReLUs, where a unit of its first hidden layer
// is in the middle, −b/w.
func (r *OwnRun) elbowsAt(record int) (places []float64) {
	if net := r.net(record); net != nil {
		places, _ = net.Knots(r.Target.Lo, r.Target.Hi)
		return places
	}
	for _, k := range r.centers(record) {
		if k > r.Target.Lo && k < r.Target.Hi {
			places = append(places, k)
		}
	}
	slices.Sort(places)
	return places
}

// centers are −b/w of each unit of the first hidden layer; none if the model is not a problem.Net.
func (r *OwnRun) centers(record int) (places []float64) {
	model, is := r.model()
	if !is || len(model.Sizes) < 3 {
		return nil
	}
	layers, err := problem.NewLayers(r.Theta[record], model.Sizes...)
	if err != nil {
		return nil
	}
	for j, b := range layers[0].B {
		places = append(places, -b/layers[0].W.At(0, j))
	}
	return places
}

// last is the last record.
func (r *OwnRun) last() int { return len(r.Step) - 1 }

// Error is the root mean square error on unseen examples at the end; infinite after a divergence.
func (r *OwnRun) Error() float64 {
	if r.DivergedAt >= 0 {
		return math.Inf(1)
	}
	return math.Sqrt(2 * r.Unseen[r.last()])
}

// OwnModel is the problem that a GoMLX model of one input and one output learns examples, in float64, by the loss of problem.Points: for
// OwnNet.Problem. Its Error may be replaced by another loss.
func OwnModel(xs, ys []float64, predict func(scope *model.Scope, x *graph.Node) *graph.Node) train.Model {
	m := train.Model{
		Predict: func(scope *model.Scope, in []*graph.Node) []*graph.Node { return []*graph.Node{predict(scope, in[0])} },
		Error: func(labels, predictions []*graph.Node) *graph.Node {
			return graph.MulScalar(graph.ReduceAllMean(graph.Square(graph.Sub(predictions[0], labels[0]))), 0.5)
		},
	}
	m.Inputs, m.Labels = columns(xs), columns(ys)
	return m
}

// columns is a tensor [n, 1].
func columns(values []float64) []*tensors.Tensor {
	return []*tensors.Tensor{tensors.FromValue(figure.Each(values, func(v float64) []float64 { return []float64{v} }))}
}
