package optim

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// An Option adds to a rule what several rules can have. It concerns all trainable variables, biases too.
//
// Options act in the order in which they are given: those that change the gradient (WeightDecay, Clip) before the
// rule's step, the others (DecoupledWeightDecay, L1, Average) after it. So Clip before WeightDecay clips the loss's
// gradient alone, as PyTorch does; after it, the gradient of the sum.
type Option struct {
	hyper hyper
	sets  bool // Hyper: another option's or the rule's hyperparameter
	// before returns what becomes of the gradients; value is the hyperparameter.
	before func(s step, value *graph.Node, gradients []*graph.Node) []*graph.Node
	// after changes the variables once the rule has made its step.
	after func(s step, value *graph.Node)
}

// A step is being built.
type step struct {
	scope  *model.Scope
	graph  *graph.Graph
	params []*model.Variable
	theta  []*graph.Node // the parameters before the step, θ_t
}

// rate is η_t, which the rule has read.
func (s step) rate() *graph.Node {
	return s.scope.At(optimizer.Scope).GetVariable(optimizer.ParamLearningRate).NodeValue(s.graph)
}

// WeightDecay adds λθ to the gradient: the loss becomes L + (λ/2)‖θ‖², ridge regression for least squares (claim G6).
// A rule that rescales gradients, such as Adam, rescales this one too: see DecoupledWeightDecay.
// Hyperparameter "weight_decay", λ ≥ 0.
func WeightDecay(strength float64) Option {
	return Option{
		hyper: hyper{"weight_decay", strength, notNegative},
		before: func(s step, lambda *graph.Node, gradients []*graph.Node) []*graph.Node {
			decayed := make([]*graph.Node, len(gradients))
			for i, gradient := range gradients {
				decayed[i] = graph.Add(gradient, graph.Mul(graph.ConvertDType(lambda, gradient.DType()), s.theta[i]))
			}
			return decayed
		},
	}
}

// DecoupledWeightDecay shrinks the parameters beside the rule's step, by ηλθ_t: every parameter at the same rate,
// however the rule rescales its gradient (Loshchilov & Hutter 2019). With GD it is the same as WeightDecay. With
// the other rules the limit is another, as L1 says of its own.
// Hyperparameter "weight_decay", λ ≥ 0.
func DecoupledWeightDecay(strength float64) Option {
	return Option{
		hyper: hyper{"weight_decay", strength, notNegative},
		after: func(s step, lambda *graph.Node) {
			shrink := graph.Mul(graph.ConvertDType(s.rate(), lambda.DType()), lambda)
			for i, v := range s.params {
				decay := graph.Mul(graph.ConvertDType(shrink, v.DType()), s.theta[i])
				v.SetNodeValue(graph.Sub(v.NodeValue(s.graph), decay))
			}
		},
	}
}

// L1 makes the parameters sparse: after the rule's step each moves toward 0 by ηλ, and stays there if that is too far
// (soft threshold, the proximal step of λ‖θ‖₁). With GD it is ISTA (Daubechies et al. 2004) and ends at the minimum of
// L + λ‖θ‖₁, with exact zeros; a subgradient step has none (claim G6).
//
// With other rules there are exact zeros too, but of another strength: momentum β moves θ by η/(1−β) times the
// gradient, so that the limit is the minimum for (1−β)λ; Adam and RMSProp weigh λ by their own scale of each parameter.
// Hyperparameter "l1", λ ≥ 0.
func L1(strength float64) Option {
	return Option{
		hyper: hyper{"l1", strength, notNegative},
		after: func(s step, lambda *graph.Node) {
			threshold := graph.Mul(graph.ConvertDType(s.rate(), lambda.DType()), lambda)
			for _, v := range s.params {
				theta, most := v.NodeValue(s.graph), graph.ConvertDType(threshold, v.DType())
				// Where |θ| ≤ most the difference is exactly 0, and where θ is NaN it is NaN.
				v.SetNodeValue(graph.Sub(theta, graph.Min(graph.Max(theta, graph.Neg(most)), most)))
			}
		},
	}
}

// Clip scales the gradient down where its Euclidean norm over all parameters is above maxNorm: g·min(1, maxNorm/‖g‖)
// (Pascanu et al. 2013). PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
// Hyperparameter "max_norm", > 0.
func Clip(maxNorm float64) Option {
	return Option{
		hyper: hyper{"max_norm", maxNorm, positive},
		before: func(s step, maxNorm *graph.Node, gradients []*graph.Node) []*graph.Node {
			// In float64: the square of a float32 may be too great for one, and it is great gradients that are clipped.
			sum := graph.Const(s.graph, 0.0)
			for _, gradient := range gradients {
				sum = graph.Add(sum, graph.ReduceAllSum(graph.Square(graph.ConvertDType(gradient, dtypes.Float64))))
			}
			scale := graph.Min(one(maxNorm), graph.Div(maxNorm, graph.Sqrt(sum)))
			clipped := make([]*graph.Node, len(gradients))
			for i, gradient := range gradients {
				clipped[i] = graph.Mul(gradient, graph.ConvertDType(scale, gradient.DType()))
			}
			return clipped
		},
	}
}

// Average keeps the mean of the iterates θ_from, …, θ_t beside the run (Polyak & Juditsky 1992), in the variables
// /optimizers/average/<the parameter's path>; up to step from, it is θ_t itself. The run does not depend on it. It is
// kept in float64: in float32 a mean of a million values does not move any more. Before the first step it is 0.
//
// It is the last option: it averages what the others leave. Hyperparameter "average_from", ≥ 0.
func Average(from int) Option {
	return Option{
		hyper: hyper{averageFrom, float64(from), notNegative},
		after: func(s step, from *graph.Node) {
			t := count(s.scope, s.graph, "average_step")
			first := graph.Equal(t, one(t)) // the average does not hold θ_0 yet
			weight := graph.Div(one(t), graph.Max(one(t), graph.Add(graph.Sub(t, from), one(t))))
			for i, v := range s.params {
				average := slot(s.scope, "average", v, dtypes.Float64)
				before := graph.Where(first, graph.ConvertDType(s.theta[i], dtypes.Float64), average.NodeValue(s.graph))
				theta := graph.ConvertDType(v.NodeValue(s.graph), dtypes.Float64)
				average.SetNodeValue(mix(oneMinus(weight), before, weight, theta))
			}
		},
	}
}

const averageFrom = "average_from"

// Hyper gives a hyperparameter of the rule another value than the usual one: Adam(Hyper("beta2", 0.99)).
func Hyper(name string, value float64) Option {
	return Option{hyper: hyper{name: name, value: value}, sets: true}
}
