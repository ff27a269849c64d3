package optim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/gomlx/gomlx/support/exceptions"
)

// With adds options to an optimizer: to one of this package, or to any GoMLX optimizer that takes gradients (GoMLX's
// train.OptimizeWithGradients), as GoMLX's own do. An optimizer of another kind is an error, and so are a hyperparameter
// out of its bounds, an option given twice, an Average that is not the last, a Hyper whose name the optimizer does not have, and
// the zero Option.
func With(opt optimizer.Interface, options ...Option) (optimizer.Interface, error) {
	if inner, ok := opt.(*optioned); ok {
		return compose(inner.base, slices.Concat(inner.options, options))
	}
	base, ok := opt.(gradientTaker)
	if !ok {
		return nil, fmt.Errorf("the optimizer is a %T: without UpdateGraphWithGradients it cannot have options", opt)
	}
	return compose(base, options)
}

// gradientTaker is GoMLX's train.OptimizeWithGradients.
type gradientTaker interface {
	UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType)
}

// optioned is a rule, or an optimizer of GoMLX, with options.
type optioned struct {
	base    gradientTaker
	options []Option
	name    string // ByName's; "" of others
}

// Structure names the rule and all its hyperparameters. A program built with a rule of ByName serves every other of the same structure. It is
// empty for a rule that ByName did not make.
func (o *optioned) Structure() string {
	if o.name == "" {
		return ""
	}
	structure := o.name
	if r, is := o.base.(*rule); is {
		for _, h := range r.hyper {
			structure += fmt.Sprintf(", %s %g", h.name, h.value)
		}
	}
	for _, option := range o.options {
		structure += fmt.Sprintf(", %s %g (%t)", option.hyper.name, option.hyper.value, option.before != nil)
	}
	return structure
}

func compose(base gradientTaker, options []Option) (optimizer.Interface, error) {
	o := &optioned{base: base}
	var known []*hyper
	if r, ok := base.(*rule); ok {
		own := *r
		own.hyper = slices.Clone(r.hyper)
		o.base = &own
		for i := range own.hyper {
			known = append(known, &own.hyper[i])
		}
	}
	if slices.ContainsFunc(options, func(option Option) bool { return !option.sets && option.hyper.holds == nil }) {
		return nil, errors.New("an Option is the zero value: make it by a function such as Clip")
	}
	o.options = slices.DeleteFunc(slices.Clone(options), func(option Option) bool { return option.sets })
	for i := range o.options {
		known = append(known, &o.options[i].hyper)
		if o.options[i].hyper.name == averageFrom && i < len(o.options)-1 {
			return nil, errors.New("Average stands before another option, whose effect it would miss: give it last")
		}
	}
	names := make([]string, len(known))
	for i, h := range known {
		if slices.Contains(names[:i], h.name) {
			return nil, fmt.Errorf("%s is given twice: give it once", h.name)
		}
		names[i] = h.name
	}
	for _, option := range options {
		if !option.sets {
			continue
		}
		i := slices.Index(names, option.hyper.name)
		if i < 0 {
			return nil, fmt.Errorf("Hyper: the optimizer has no hyperparameter %q; it has %s",
				option.hyper.name, cmp.Or(strings.Join(names, ", "), "none"))
		}
		known[i].value = option.hyper.value
	}
	for _, h := range known {
		if err := h.check(); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// UpdateGraph implements optimizer.Interface.
func (o *optioned) UpdateGraph(scope *model.Scope, _ *graph.Graph, loss *graph.Node) {
	if !loss.IsScalar() {
		exceptions.Panicf("the loss has shape %s: an optimizer needs a scalar", loss.Shape())
	}
	o.UpdateGraphWithGradients(scope, scope.BuildTrainableVariablesGradientsGraph(loss), loss.DType())
}

// UpdateGraphWithGradients implements GoMLX's train.OptimizeWithGradients: one step from the gradients of the trainable
// variables, in the order in which scope.BuildTrainableVariablesGradientsGraph returns them.
func (o *optioned) UpdateGraphWithGradients(scope *model.Scope, gradients []*graph.Node, lossDType dtypes.DType) {
	if len(gradients) == 0 {
		exceptions.Panicf("the loss has no trainable variable: there is nothing to optimize")
	}
	s := step{scope: scope, graph: gradients[0].Graph()}
	s.params = trained(scope, s.graph)
	for _, v := range s.params {
		s.theta = append(s.theta, v.NodeValue(s.graph))
	}
	values := make([]*graph.Node, len(o.options))
	for i, option := range o.options {
		values[i] = option.hyper.node(scope, s.graph)
		if option.before != nil {
			gradients = option.before(s, values[i], gradients)
		}
	}
	o.base.UpdateGraphWithGradients(scope, gradients, lossDType)
	for i, option := range o.options {
		if option.after != nil {
			option.after(s, values[i])
		}
	}
}

// Clear implements optimizer.Interface: it deletes the optimizer's variables from the store, hyperparameters too, but
// for the learning rate, which GoMLX's optimizers leave there as well. It returns the store's error if one cannot be deleted.
func (o *optioned) Clear(scope *model.Scope) error {
	if base, ok := o.base.(optimizer.Interface); ok {
		if err := base.Clear(scope); err != nil {
			return err
		}
	}
	own := scope.At(optimizer.Scope)
	for _, v := range slices.Collect(own.IterVariables()) {
		if v.Path() == model.JoinPath(own.Scope(), optimizer.ParamLearningRate) {
			continue
		}
		if err := scope.Store().DeleteVariable(v.Path()); err != nil {
			return fmt.Errorf("deleting the variable %s: %w", v.Path(), err)
		}
	}
	return nil
}
