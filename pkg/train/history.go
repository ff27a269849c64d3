package train

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// History is what a run recorded. Record 0 is the start, before any step; the others follow at the stride; the last
// is after the last step, also where the stride does not divide the number of steps. Every record is finite:
// of a run that diverged or was cancelled there are those before it.
type History struct {
	Step     []int       // steps done at each record: 0, stride, 2·stride, …, Steps
	Loss     []float64   // L(θ) at each record
	GradNorm []float64   // ‖∇L(θ)‖ at each record, if recorded
	Params   [][]float64 // θ at each record, if recorded: the parameters flattened, in the order of Parameters

	Parameters []Parameter // the problem's parameters, sorted by name
	// Final is θ at the end of the run, flattened as Params is: after the last step, at the step at which the run
	// diverged (then it may not be finite), or where it was cancelled.
	Final []float64

	diverged   bool
	divergedAt int
	values     []*tensors.Tensor
}

// A Parameter is a trainable variable of the problem: its path in the GoMLX store without the leading slash.
type Parameter struct {
	Name  string
	Shape []int // empty for a scalar
}

// Diverged tells whether the run diverged, and after how many steps: θ at that step was the first that was not
// finite, or that had a loss not finite or of magnitude above Config.MaxLoss. The run ended there.
func (h *History) Diverged() (step int, diverged bool) { return h.divergedAt, h.diverged }

// Value returns the final value of the parameter of that name, in its own shape and type: to use it in a GoMLX model,
// or as Config.Start of another run.
func (h *History) Value(name string) (*tensors.Tensor, error) {
	i, err := find(h.Parameters, name)
	if err != nil {
		return nil, err
	}
	return h.values[i].LocalClone()
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
	return 0, fmt.Errorf("there is no parameter %q; the parameters are %s", name, strings.Join(names, ", "))
}

// newHistory returns an empty history for a run of the trainer.
func (t *Trainer) newHistory() *History { return &History{Parameters: t.Parameters()} }

// add appends the records of the given steps. Each tensor holds one row for each of them, or more: the losses, then
// the gradient's norms and the parameters as far as they are recorded.
func (h *History) add(record Record, steps []int, rows []*tensors.Tensor) {
	n := len(steps)
	if n == 0 {
		return
	}
	h.Step = append(h.Step, steps...)
	h.Loss = append(h.Loss, floats(rows[0], n)...)
	rows = rows[1:]
	if record.GradNorm {
		h.GradNorm = append(h.GradNorm, floats(rows[0], n)...)
		rows = rows[1:]
	}
	if record.Params {
		h.Params = append(h.Params, h.flatten(rows, n)...)
	}
}

// finish takes the final values of the parameters.
func (h *History) finish(values []*tensors.Tensor) error {
	for _, x := range values {
		clone, err := x.LocalClone()
		if err != nil {
			return fmt.Errorf("reading the final parameters: %w", err)
		}
		h.values = append(h.values, clone)
	}
	h.Final = h.flatten(h.values, 1)[0]
	return nil
}

// flatten joins the first n rows of the parameters' histories, row by row.
func (h *History) flatten(parameters []*tensors.Tensor, n int) [][]float64 {
	rows := make([][]float64, n)
	for k, x := range parameters {
		size := h.Parameters[k].size()
		flat := floats(x, n*size)
		for i := range rows {
			rows[i] = append(rows[i], flat[i*size:(i+1)*size]...)
		}
	}
	return rows
}

func (p Parameter) size() int {
	size := 1
	for _, d := range p.Shape {
		size *= d
	}
	return size
}
