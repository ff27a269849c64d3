package train

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"descent.example/pkg/memory"
)

// maxSteps is how many steps a run can have: schedules and counters of optimizers count them in float64.
const maxSteps = 1 << 53

// checkVariables says what is wrong with the variables that a step has: they may not fit into memory.
func (t *Trainer) checkVariables() error {
	all, most, largest := 0.0, 0.0, ""
	for v := range t.store.IterVariables() {
		bytes := bytesOf(v.Shape())
		if all += bytes; bytes >= most {
			most, largest = bytes, fmt.Sprintf("%q of shape %v", name(v), v.Shape().Dimensions)
		}
	}
	const copies = 4 // at the start, before a step, after it, and the gradients
	return memory.Check(copies*all, "make the model smaller", "training the variables, the largest %s,", largest)
}

// checkSize says what is wrong with a run that would not fit into memory.
func (t *Trainer) checkSize(c Config) error {
	if err := memory.Check(t.historyBytes(c), "raise Stride, lower Steps or record less", "recording every %d of %d steps", c.Stride, c.Steps); err != nil {
		return err
	}
	if c.Sampler.IsFull() {
		return nil
	}
	example := 64.0 // what drawing one takes
	for _, x := range t.data {
		example += bytesOf(x.Shape()) / float64(t.n)
	}
	batch := c.Sampler.BatchSize(t.n)
	return memory.Check(float64(batch)*example, "lower the batch", "a batch of %d examples", batch)
}

// historyBytes is what the history of a run takes on the host.
func (t *Trainer) historyBytes(c Config) float64 {
	const number, slice = 8, 24
	parameters := 0.0
	for _, k := range t.params {
		parameters += elements(t.vars[k].Shape())
	}
	record := 2 * number // step and loss
	vectors := 0.0
	for _, row := range t.rows() {
		vectors += slice + number*elements(row)
	}
	if t.record.ExampleGradients {
		vectors += float64(t.n) * (slice + number*parameters)
	}
	return (float64(c.Steps/c.Stride) + 2) * (float64(record) + vectors)
}

// checkProgram is an error when what a step of a program of several runs (lanes) computes does not fit into memory.
func (t *Trainer) checkProgram(g *graph.Graph, lanes int) error {
	results, most, largest := 0.0, 0.0, ""
	for _, node := range g.Nodes() {
		switch node.Type() {
		// Of these the results are written to memory. Those of element by element operations are mostly not: XLA fuses them.
		case graph.NodeTypeDotGeneral, graph.NodeTypeConvGeneral, graph.NodeTypeGather, graph.NodeTypeReduceSum:
			bytes := bytesOf(node.Shape())
			if results += bytes; bytes >= most {
				most, largest = bytes, fmt.Sprint(node.Shape().Dimensions)
			}
		}
	}
	results /= 2 // about as many live at the same time
	err := memory.Check(results*float64(max(lanes, 1)), "lower the batch or the widths", "a step's results, the largest of shape %s,", largest)
	if err != nil && lanes > 0 {
		return fmt.Errorf("%w: %w", err, compute.ErrNotImplemented) // one run at a time may fit
	}
	return err
}

// elements is the number of a shape's elements, also where that is no int any more.
func elements(s shapes.Shape) float64 { return memory.Bytes(1, s.Dimensions...) }

func bytesOf(s shapes.Shape) float64 { return memory.Bytes(s.DType.Size(), s.Dimensions...) }
