package train

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// History is what a run recorded. Record 0 is the start, before any step; the others follow at the multiples of the
// stride; the last is after the last step, also where the stride does not divide the number of steps. Every record is
// finite: of a run that diverged or was cancelled there are those before it; of one cancelled while FullLoss or
// ExampleGradients were computed, those that have them. What was not asked for is nil.
type History struct {
	Step []int // steps done at each record: 0, stride, 2·stride, …, Steps; further on if the run continues another
	// Loss is the loss at each record of the batch that the step after it takes; without a sampler, of all examples.
	Loss      []float64
	FullLoss  []float64   // L(θ) over all examples at each record
	Rate      []float64   // η_t of the step after each record
	GradNorm  []float64   // ‖∇L(θ)‖ of that batch at each record
	GradNorms [][]float64 // the same of each parameter, in the order of Parameters: [records][parameters]
	StepNorm  []float64   // ‖θ_{t+1} − θ_t‖ of the step after each record
	Params    [][]float64 // θ at each record: the parameters flattened, in the order of Parameters
	// ExampleGradients are the gradients of each example's loss at each record, flattened as Params is:
	// [records][examples][·].
	ExampleGradients [][][]float64
	Variables        map[string][][]float64 // what Record.Variables asked for, by the names given there, each flattened

	Parameters []Parameter // the problem's parameters, sorted by name
	// Final is θ at the end of the run, flattened as Params is: after the last step, at the step at which the run
	// diverged (then it may not be finite), or where it was cancelled.
	Final []float64

	diverged   bool
	divergedAt int
	fresh      [][]float64 // θ at the records of which Trainer.derive has not computed what is computed from it

	// What a run that continues this one needs.
	step  int
	names []string          // of the variables
	state []*tensors.Tensor // their values, and what else the program carries
}

// A Parameter is a trainable variable of the problem: its path in the GoMLX store without the leading slash.
type Parameter struct {
	Name  string
	Shape []int // empty for a scalar
}

// Layer is the parameter's path without its last part: "hidden/dense" of "hidden/dense/weights".
func (p Parameter) Layer() string { return p.Name[:max(strings.LastIndex(p.Name, "/"), 0)] }

// Diverged tells whether the run diverged, and after how many steps: θ at that step was the first that was not
// finite, or that had a loss not finite or of magnitude above Config.MaxLoss. The run ended there.
func (h *History) Diverged() (step int, diverged bool) {
	if h == nil {
		panic(errNoHistory)
	}
	return h.divergedAt, h.diverged
}

var errNoHistory = errors.New("the history is nil: its run failed or was not done, look at the error of Run or Sweep")

// Value returns the final value of the parameter of that name, in its own shape and type: to use it in a GoMLX model,
// or as Config.Start of another run. It returns other variables by their name too: "optimizers/average/theta". A name that
// no variable has is an error.
func (h *History) Value(name string) (*tensors.Tensor, error) {
	if h == nil {
		return nil, errNoHistory
	}
	if i := slices.Index(h.names, strings.TrimPrefix(name, "/")); i >= 0 {
		return h.state[i].LocalClone()
	}
	_, err := find(h.Parameters, name)
	return nil, err
}

// LayerGradNorm returns the gradient's norm over the parameters of a layer at each record, from GradNorms. It is an
// error when no parameter is in that layer.
func (h *History) LayerGradNorm(layer string) ([]float64, error) {
	if h == nil {
		return nil, errNoHistory
	}
	var places []int
	var layers []string
	for i, p := range h.Parameters {
		if p.Layer() == layer {
			places = append(places, i)
		}
		layers = append(layers, p.Layer())
	}
	if places == nil {
		if len(strings.Join(layers, "")) == 0 {
			return nil, fmt.Errorf("there is no layer %q: no parameter of this run is in a layer", layer)
		}
		return nil, fmt.Errorf("there is no layer %q; the layers are %s", layer, strings.Join(slices.Compact(layers), ", "))
	}
	norms := make([]float64, len(h.GradNorms))
	for k, row := range h.GradNorms {
		for _, i := range places {
			norms[k] = math.Hypot(norms[k], row[i])
		}
	}
	return norms, nil
}

// find returns the place of the parameter of that name, with or without a leading slash.
func find(parameters []Parameter, name string) (int, error) {
	var names []string
	for i, p := range parameters {
		if p.Name == strings.TrimPrefix(name, "/") {
			return i, nil
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("there is no parameter %q: the run has none", name)
	}
	return 0, fmt.Errorf("there is no parameter %q; the parameters are %s", name, strings.Join(names, ", "))
}

// newHistory returns an empty history for a run of the trainer, with room for the records of one of usual length.
func (t *Trainer) newHistory(c Config) *History {
	h := &History{Parameters: t.Parameters()}
	records := min(c.Steps/c.Stride+2, 1<<14)
	h.Step, h.Loss = make([]int, 0, records), make([]float64, 0, records)
	for _, v := range t.vars {
		h.names = append(h.names, name(v))
	}
	return h
}

// add appends the records of the given steps. Each tensor holds one row for each of them, or more, in the order of
// Trainer.rows.
func (h *History) add(record Record, steps []int, rows []*tensors.Tensor) {
	n := len(steps)
	if n == 0 {
		return
	}
	next := func() *tensors.Tensor {
		x := rows[0]
		rows = rows[1:]
		return x
	}
	h.Step = append(h.Step, steps...)
	h.Loss = append(h.Loss, floats(next(), n)...)
	if record.Rate {
		h.Rate = append(h.Rate, floats(next(), n)...)
	}
	if record.GradNorm {
		norms := flatten([]*tensors.Tensor{next()}, n)
		h.GradNorms = append(h.GradNorms, norms...)
		for _, row := range norms {
			sum := 0.0
			for _, norm := range row {
				sum = math.Hypot(sum, norm)
			}
			h.GradNorm = append(h.GradNorm, sum)
		}
	}
	if record.StepNorm {
		h.StepNorm = append(h.StepNorm, floats(next(), n)...)
	}
	if record.keepsParams() {
		params := flatten(rows[:len(h.Parameters)], n)
		if record.Params {
			h.Params = append(h.Params, params...)
		}
		if record.FullLoss || record.ExampleGradients {
			h.fresh = append(h.fresh, params...)
		}
		rows = rows[len(h.Parameters):]
	}
	for _, name := range record.Variables {
		if h.Variables == nil {
			h.Variables = make(map[string][][]float64)
		}
		h.Variables[name] = append(h.Variables[name], flatten([]*tensors.Tensor{next()}, n)...)
	}
}

// truncate keeps the first n records.
func (h *History) truncate(n int) {
	h.Step = h.Step[:n]
	for _, values := range []*[]float64{&h.Loss, &h.FullLoss, &h.Rate, &h.GradNorm, &h.StepNorm} {
		*values = (*values)[:min(n, len(*values))] // what was not asked for is empty
	}
	for _, rows := range []*[][]float64{&h.GradNorms, &h.Params} {
		*rows = (*rows)[:min(n, len(*rows))]
	}
	for name, rows := range h.Variables {
		h.Variables[name] = rows[:n]
	}
}

// finish takes the state at the end of a run, after the given step.
func (h *History) finish(t *Trainer, state []*tensors.Tensor, step int) error {
	h.step = step
	for _, x := range state {
		clone, err := x.LocalClone()
		if err != nil {
			return fmt.Errorf("reading the final parameters: %w", err)
		}
		h.state = append(h.state, clone)
	}
	for _, i := range t.params {
		h.Final = append(h.Final, floats(h.state[i], h.state[i].Size())...)
	}
	return nil
}

// flatten joins the first n rows of tensors, row by row.
func flatten(xs []*tensors.Tensor, n int) [][]float64 {
	rows := make([][]float64, n)
	for _, x := range xs {
		size := x.Size() / x.Shape().Dimensions[0]
		flat := floats(x, n*size)
		for i := range rows {
			rows[i] = append(rows[i], flat[i*size:(i+1)*size]...)
		}
	}
	return rows
}
