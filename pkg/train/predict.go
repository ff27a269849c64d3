package train

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"descent.example/internal/plural"
)

// predicted is how many rows the program of Predict takes: it is compiled once for any number of them.
const predicted = 256

// Predict returns the outputs f(x) of the problem's model at the parameters θ, flattened as History.Final and the rows of
// History.Params are, for features x [n, d]: [n, outputs]. Variables that are not trained are as at the start. It is an
// error when the problem is neither a Model of one input of rank 2 nor has a method Predict as problem.Net's, when theta or a row of x has
// another length than the model needs, or when the trainer is closed.
func (t *Trainer) Predict(theta []float64, x [][]float64) (outputs [][]float64, err error) {
	err = t.use(func() error {
		for from := 0; from < len(x) && err == nil; from += predicted {
			var some [][]float64
			some, err = t.predict(theta, x[from:min(from+predicted, len(x))])
			outputs = append(outputs, some...)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("predicting: %w", err)
	}
	return outputs, nil
}

// Function returns f, the model at the parameters θ, of one input and one output, to be drawn or compared. It is an error when Predict
// is one, and when the model has more inputs or outputs.
func (t *Trainer) Function(theta []float64) (f func(x float64) float64, err error) {
	at := func(x float64) (float64, error) {
		y, err := t.Predict(theta, [][]float64{{x}})
		switch {
		case err != nil:
			return 0, err
		case len(y[0]) != 1:
			return 0, fmt.Errorf("the model has %d outputs: Function needs one; use Predict", len(y[0]))
		}
		return y[0][0], nil
	}
	if _, err := at(0); err != nil {
		return nil, err
	}
	return func(x float64) float64 {
		y, err := at(x)
		if err != nil {
			panic(err) // the trainer was closed
		}
		return y
	}, nil
}

// model is the problem's model, as a function of its features.
func (t *Trainer) model() (func(*model.Scope, *graph.Node) *graph.Node, error) {
	if p, ok := t.problem.(interface {
		Predict(*model.Scope, *graph.Node) *graph.Node
	}); ok {
		return p.Predict, nil
	}
	if m, ok := t.problem.(Model); ok && len(m.Inputs) == 1 {
		return func(scope *model.Scope, x *graph.Node) *graph.Node { return m.Predict(scope, []*graph.Node{x})[0] }, nil
	}
	return nil, errors.New("the problem has no model with one input: it must be a train.Model with one, or have a method Predict as problem.Net")
}

func (t *Trainer) predict(theta []float64, x [][]float64) ([][]float64, error) {
	of, err := t.model()
	if err != nil {
		return nil, err
	}
	features := t.data[0].Shape()
	if features.Rank() != 2 {
		return nil, fmt.Errorf("the model's input has shape %s: it must be [n, d]", features)
	}
	d := features.Dimensions[1]
	flat := make([]float64, predicted*d) // the rows that remain are zeros
	for i, row := range x {
		if len(row) != d {
			return nil, fmt.Errorf("x[%d] has %s: the model takes %d", i, plural.Of(len(row), "element"), d)
		}
		copy(flat[i*d:], row)
	}
	program, inputs, err := t.evaluation(theta, func(e *evaluator) **graph.Graph { return &e.model }, func(g *graph.Graph) []*graph.Node {
		n := t.evaluated(g)
		for i, v := range t.vars {
			v.SetNodeValue(n.state[i])
		}
		t.store.SetTraining(g, false)
		y := of(t.store.RootScope(), graph.Parameter(g, "x", shapes.Make(features.DType, predicted, d)))
		return []*graph.Node{graph.Reshape(y, predicted, -1)}
	})
	if err != nil {
		return nil, err
	}
	rows := tensors.FromShape(shapes.Make(features.DType, predicted, d))
	fill(rows, flat)
	var outputs [][]float64
	err = catch(func() {
		out := program.Run(append(inputs, rows)...)
		outputs = flatten(out, len(x))
		release(out)
	})
	return outputs, err
}
