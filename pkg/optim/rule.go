package optim

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// A rule is the heart of an optimizer: how it makes the direction d of a parameter's step −ηd.
type rule struct {
	rate  float64 // η, if the store has neither the parameter nor the variable learning_rate
	hyper []hyper
	slots []string // what is remembered of each parameter: variables of its shape, 0 at the start
	// shared computes what all parameters use from the hyperparameters h, in their order, and from the number of this
	// step, from 1 (which is counted only if it is asked for). All are float64. Nil: h itself.
	shared func(h []*graph.Node, count func() *graph.Node) []*graph.Node
	// direction makes d and the slots' next values from what is shared, in the parameter's type, and from the slots.
	direction func(shared, slots []*graph.Node, gradient *graph.Node) (d *graph.Node, next []*graph.Node)
}

// UpdateGraphWithGradients builds the step from the gradients of the trainable variables, in the order in which
// scope.BuildTrainableVariablesGradientsGraph returns them.
func (r *rule) UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType) {
	g := gradients[0].Graph()
	initial := model.GetParamOr(scope, optimizer.ParamLearningRate, r.rate)
	rate := optimizer.LearningRateVar(scope, lossDType, initial).NodeValue(g)
	optimizer.IncrementGlobalStep(g, dtypes.Int64)

	shared := make([]*graph.Node, len(r.hyper))
	for i, h := range r.hyper {
		shared[i] = h.node(scope, g)
	}
	if r.shared != nil {
		shared = r.shared(shared, func() *graph.Node { return count(scope, g, "step") })
	}
	for i, v := range trained(scope, g) {
		optimizer.TraceNaNInGradients(scope, v, gradients[i])
		gradient := optimizer.ClipNaNsInGradients(scope, gradients[i])
		slots := make([]*model.Variable, len(r.slots))
		values := make([]*graph.Node, len(r.slots))
		for k, name := range r.slots {
			slots[k] = slot(scope, name, v, v.DType())
			values[k] = slots[k].NodeValue(g)
		}
		own := make([]*graph.Node, len(shared))
		for k, x := range shared {
			own[k] = graph.ConvertDType(x, v.DType())
		}
		d, next := r.direction(own, values, gradient)
		for k, s := range slots {
			s.SetNodeValue(next[k])
		}
		step := optimizer.ClipStepByValue(scope, graph.Mul(graph.ConvertDType(rate, v.DType()), d))
		theta := v.NodeValue(g)
		v.SetNodeValue(optimizer.ClipNaNsInUpdates(scope, theta, graph.Sub(theta, step)))
	}
}

// A hyperparameter is the variable /optimizers/<name>, float64 whatever the type of the parameters: 1 − 0.999 in
// float32 is wrong in its fifth digit.
type hyper struct {
	name  string
	value float64 // at the start
	bounds
}

// bounds are what a hyperparameter may be.
type bounds struct {
	text  string
	holds func(float64) bool
}

var (
	fraction    = bounds{"at least 0 and less than 1", func(x float64) bool { return x >= 0 && x < 1 }}
	positive    = bounds{"a finite number greater than 0", func(x float64) bool { return x > 0 && !math.IsInf(x, 1) }}
	notNegative = bounds{"a finite number of at least 0", func(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }}
)

func (h hyper) check() error {
	if h.holds(h.value) {
		return nil
	}
	return fmt.Errorf("%s is %v: it must be %s", h.name, h.value, h.text)
}

func (h hyper) node(scope *model.Scope, g *graph.Graph) *graph.Node {
	return scope.At(optimizer.Scope).VariableWithValue(h.name, h.value).SetTrainable(false).NodeValue(g)
}

// trained are the variables that the optimizer updates, in GoMLX's order of the gradients.
func trained(scope *model.Scope, g *graph.Graph) []*model.Variable {
	return slices.DeleteFunc(slices.Collect(scope.IterVariables()), func(v *model.Variable) bool {
		return !v.Trainable || !v.InUseByGraph(g)
	})
}

// slot is the variable /optimizers/<name>/<path of v>, of v's shape, 0 at the start.
func slot(scope *model.Scope, name string, v *model.Variable, dtype dtypes.DType) *model.Variable {
	shape := v.Shape().Clone()
	shape.DType = dtype
	path := model.JoinPath(scope.Scope(), optimizer.Scope, name, v.Path())
	return scope.Store().VariableWithShape(path, shape, initializer.Zero).SetTrainable(false)
}

// count adds 1 to the counter /optimizers/<name> and returns it as float64: 1 in the first step.
func count(scope *model.Scope, g *graph.Graph, name string) *graph.Node {
	v := scope.At(optimizer.Scope).VariableWithValue(name, int64(0)).SetTrainable(false)
	t := graph.Add(v.NodeValue(g), graph.Const(g, int64(1)))
	v.SetNodeValue(t)
	return graph.ConvertDType(t, dtypes.Float64)
}

// one is 1 of x's type. It is not GoMLX's scalar, which the functions of a graph share: made in one of them, it cannot
// be used in another, a loop's body.
func one(x *graph.Node) *graph.Node { return graph.Const(x.Graph(), shapes.CastAsDType(1, x.DType())) }

func oneMinus(x *graph.Node) *graph.Node { return graph.Sub(one(x), x) }

// mix is a·x + b·y.
func mix(a, x, b, y *graph.Node) *graph.Node { return graph.Add(graph.Mul(a, x), graph.Mul(b, y)) }
