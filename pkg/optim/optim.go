// Package optim holds the update rules
//
//	θ_{t+1} = θ_t − η_t·d_t,   d_t made of ∇L(θ_t) and of what the rule remembers of the gradients before,
//
// as GoMLX optimizers (optimizer.Interface), so that both the lab's package train and GoMLX's own trainer can use them. What
// several rules can have (weight decay, clipping, sparsity, averaging) is an Option.
//
// Every hyperparameter is a variable, as the learning rate is in GoMLX: a float64 scalar under /optimizers that is not
// trained ("/optimizers/momentum"). So setting a new value (train.Config.Hyper, or the variable's SetValue) compiles nothing.
// What a rule remembers of a parameter is a variable too, under /optimizers/<what>/<the parameter's path>.
//
// Of GoMLX's own optimizers only GD is used. Its Adam is correct, but compiles β1, β2 and ε in; its RMSProp has Adam's bias
// correction; and it has no SGD with momentum.
package optim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// GD is gradient descent with a constant learning rate, d = ∇L, claim G1; on batches it is SGD.
//
// It is GoMLX's StochasticGradientDescent without its decay, which is on by default there and divides η by √t: a
// demonstration of a constant rate would then converge, or fail to diverge, for the wrong reason.
func GD() optimizer.Interface {
	return optimizer.StochasticGradientDescent().WithDecay(false).Done()
}

// HeavyBall is gradient descent with momentum β in [0, 1) (Polyak 1964), in the form of PyTorch and optax:
//
//	v ← βv + ∇L,   d = v
//
// A gradient that stays the same moves θ by η/(1−β) times it in the end, not by η.
// Hyperparameter "momentum"; β = 0.9 is usual. A momentum outside [0, 1) is an error, and so are options that With refuses.
func HeavyBall(momentum float64, options ...Option) (optimizer.Interface, error) {
	return compose(&rule{
		rate:  optimizer.SGDDefaultLearningRate,
		hyper: []hyper{{"momentum", momentum, fraction}},
		slots: []string{"velocity"},
		direction: func(h, slots []*graph.Node, gradient *graph.Node) (d *graph.Node, next []*graph.Node) {
			v := graph.Add(graph.Mul(h[0], slots[0]), gradient)
			return v, []*graph.Node{v}
		},
	}, options)
}

// Nesterov is momentum β in [0, 1) that looks ahead (Nesterov 1983), in the form of PyTorch and optax, which keep the
// parameters at the point where the gradient is taken:
//
//	v ← βv + ∇L,   d = ∇L + βv
//
// Hyperparameter "momentum"; β = 0.9 is usual. A momentum outside [0, 1) is an error, and so are options that With refuses.
func Nesterov(momentum float64, options ...Option) (optimizer.Interface, error) {
	return compose(&rule{
		rate:  optimizer.SGDDefaultLearningRate,
		hyper: []hyper{{"momentum", momentum, fraction}},
		slots: []string{"velocity"},
		direction: func(h, slots []*graph.Node, gradient *graph.Node) (d *graph.Node, next []*graph.Node) {
			v := graph.Add(graph.Mul(h[0], slots[0]), gradient)
			return graph.Add(gradient, graph.Mul(h[0], v)), []*graph.Node{v}
		},
	}, options)
}

// RMSProp divides the gradient by the root of its mean square of late (Hinton 2012, lecture 6e), element by element:
//
//	s ← αs + (1−α)∇L²,   d = ∇L/(√s + ε)
//
// Hyperparameters, with PyTorch's values: "decay" α = 0.99, "epsilon" ε = 1e-8. Options that With refuses are an
// error.
func RMSProp(options ...Option) (optimizer.Interface, error) {
	return compose(&rule{
		rate:  optimizer.AdamDefaultLearningRate,
		hyper: []hyper{{"decay", 0.99, fraction}, {"epsilon", 1e-8, positive}},
		slots: []string{"mean_square"},
		shared: func(h []*graph.Node, _ func() *graph.Node) []*graph.Node {
			return []*graph.Node{h[0], oneMinus(h[0]), h[1]}
		},
		direction: func(c, slots []*graph.Node, gradient *graph.Node) (d *graph.Node, next []*graph.Node) {
			s := mix(c[0], slots[0], c[1], graph.Square(gradient))
			return graph.Div(gradient, graph.Add(graph.Sqrt(s), c[2])), []*graph.Node{s}
		},
	}, options)
}

// Adam divides a running mean of the gradient by the root of its running mean square, both freed of their bias toward
// the 0 at which they start (Kingma & Ba 2015); t counts from 1:
//
//	m ← β1·m + (1−β1)∇L,   s ← β2·s + (1−β2)∇L²,   d = m/(1−β1ᵗ) / (√(s/(1−β2ᵗ)) + ε)
//
// Hyperparameters, with the paper's values: "beta1" = 0.9, "beta2" = 0.999, "epsilon" = 1e-8 (GoMLX's Adam has 1e-7).
// Options that With refuses are an error.
func Adam(options ...Option) (optimizer.Interface, error) {
	return compose(&rule{
		rate:  optimizer.AdamDefaultLearningRate,
		hyper: []hyper{{"beta1", 0.9, fraction}, {"beta2", 0.999, fraction}, {"epsilon", 1e-8, positive}},
		slots: []string{"mean", "mean_square"},
		shared: func(h []*graph.Node, count func() *graph.Node) []*graph.Node {
			t := count()
			unbias := func(beta *graph.Node) *graph.Node { return graph.Div(one(t), oneMinus(graph.Pow(beta, t))) }
			return []*graph.Node{h[0], oneMinus(h[0]), unbias(h[0]), h[1], oneMinus(h[1]), unbias(h[1]), h[2]}
		},
		direction: func(c, slots []*graph.Node, gradient *graph.Node) (d *graph.Node, next []*graph.Node) {
			m := mix(c[0], slots[0], c[1], gradient)
			s := mix(c[3], slots[1], c[4], graph.Square(gradient))
			root := graph.Sqrt(graph.Mul(s, c[5]))
			return graph.Div(graph.Mul(m, c[2]), graph.Add(root, c[6])), []*graph.Node{m, s}
		},
	}, options)
}

// AdamW is Adam with DecoupledWeightDecay (Loshchilov & Hutter 2019). PyTorch's weightDecay is 0.01. A weightDecay that is
// negative or not finite is an error, and so are options that With refuses, another weight decay among them.
func AdamW(weightDecay float64, options ...Option) (optimizer.Interface, error) {
	return Adam(append([]Option{DecoupledWeightDecay(weightDecay)}, options...)...)
}

// named are the rules with their usual hyperparameters.
var named = []struct {
	name string
	make func(...Option) (optimizer.Interface, error)
}{
	{"SGD", func(options ...Option) (optimizer.Interface, error) { return With(GD(), options...) }},
	{"momentum", func(options ...Option) (optimizer.Interface, error) { return HeavyBall(0.9, options...) }},
	{"Nesterov", func(options ...Option) (optimizer.Interface, error) { return Nesterov(0.9, options...) }},
	{"RMSProp", RMSProp},
	{"Adam", Adam},
	{"AdamW", func(options ...Option) (optimizer.Interface, error) { return AdamW(0.01, options...) }},
}

// Names lists what ByName knows, the simplest first.
func Names() []string {
	names := make([]string, len(named))
	for i, n := range named {
		names[i] = n.name
	}
	return names
}

// ByName returns the rule of that name, one of Names in letters of any case, with its usual hyperparameters: for a cell whose reader
// chooses the rule. "GD" is "SGD": the rule is the same, and the batch differs. Another name is an error, and so are options that
// With refuses.
func ByName(name string, options ...Option) (optimizer.Interface, error) {
	if strings.EqualFold(name, "GD") {
		name = "SGD"
	}
	i := slices.IndexFunc(Names(), func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return nil, fmt.Errorf("name is %q: it must be one of %s", name, strings.Join(Names(), ", "))
	}
	made, err := named[i].make(options...)
	if err != nil {
		return nil, err
	}
	made.(*optioned).name = named[i].name
	return made, nil
}
