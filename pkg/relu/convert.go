package relu

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// Theta returns the parameters as train.History flattens those of a problem.Net: layer by layer, the biases before the
// weights, [Parameters].
func (n *Net) Theta() []float64 {
	n.mustFit()
	var theta []float64
	for _, layer := range n.Layers {
		theta = append(theta, layer.B...)
		in, _ := layer.W.Dims()
		for i := range in {
			theta = append(theta, layer.W.RawRowView(i)...)
		}
	}
	return theta
}

// FromTheta makes the net of the parameters of a trained problem.Net, as train.History has them, and its sizes: inputs,
// widths and outputs. It is an error when the number of parameters is not that of the sizes.
func FromTheta(theta []float64, sizes ...int) (*Net, error) {
	if err := checkSizes(sizes); err != nil {
		return nil, err
	}
	if err := checkMemory(sizes); err != nil {
		return nil, err
	}
	n := New(sizes...)
	if len(theta) != n.Parameters() {
		return nil, fmt.Errorf("theta has %d elements: a net of the sizes %v has %d", len(theta), sizes, n.Parameters())
	}
	for l, layer := range n.Layers {
		in, out := layer.W.Dims()
		theta = theta[copy(n.Layers[l].B, theta):]
		n.Layers[l].W = mat.NewDense(in, out, slices.Clone(theta[:in*out]))
		theta = theta[in*out:]
	}
	return n, n.Check()
}

// scopes are the names of the layers of a problem.Net of so many.
func scopes(layers int) []string {
	names := make([]string, layers)
	for l := range names {
		names[l] = fmt.Sprintf("hidden%02d/dense/", l+1)
	}
	names[layers-1] = "output/dense/"
	return names
}

// Start returns the parameters by name, as train.Config.Start takes them: a problem.Net of the same Widths then starts
// where this net is.
func (n *Net) Start() map[string]any {
	n.mustFit()
	start := make(map[string]any)
	for l, name := range scopes(len(n.Layers)) {
		in, out := n.Layers[l].W.Dims()
		weights := mat.DenseCopyOf(n.Layers[l].W).RawMatrix().Data
		start[name+"weights"] = tensors.FromFlatDataAndDimensions(weights, in, out)
		start[name+"biases"] = slices.Clone(n.Layers[l].B)
	}
	return start
}

// FromStart makes the net of such parameters by name, for example those of problem.Net.Start or of
// train.History.Value: tensors of float64 or float32, or slices of float64. It is an error when one is missing, has
// another type or does not fit, or when there are names that are not a net's.
func FromStart(start map[string]any) (*Net, error) {
	n := &Net{Layers: make([]Layer, len(start)/2)}
	if len(start) == 0 || len(start)%2 == 1 {
		return nil, fmt.Errorf("start has %d values: each layer has two, weights and biases", len(start))
	}
	for l, name := range scopes(len(n.Layers)) {
		weights, dims, err := values(start, name+"weights")
		if err != nil {
			return nil, err
		}
		if len(dims) != 2 {
			return nil, fmt.Errorf("%sweights has %d axes: it must have two, [in, out]", name, len(dims))
		}
		n.Layers[l].W = mat.NewDense(dims[0], dims[1], weights)
		if n.Layers[l].B, _, err = values(start, name+"biases"); err != nil {
			return nil, err
		}
	}
	return n, n.Check()
}

// values are a parameter's numbers, copied, and the lengths of its axes.
func values(start map[string]any, name string) (flat []float64, dims []int, err error) {
	switch value := start[name].(type) {
	case []float64:
		return slices.Clone(value), []int{len(value)}, nil
	case [][]float64:
		for _, row := range value {
			if len(row) != len(value[0]) {
				return nil, nil, fmt.Errorf("%s has rows of %d and %d numbers: they must be as many",
					name, len(value[0]), len(row))
			}
			flat = append(flat, row...)
		}
		if len(flat) == 0 {
			return nil, nil, fmt.Errorf("%s is empty: give its numbers", name)
		}
		return flat, []int{len(value), len(value[0])}, nil
	case *tensors.Tensor:
		if err := value.CheckValid(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		err = value.ConstFlatData(func(data any) {
			switch data := data.(type) {
			case []float64:
				flat = slices.Clone(data)
			case []float32:
				for _, v := range data {
					flat = append(flat, float64(v))
				}
			}
		})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(flat) == 0 {
			return nil, nil, fmt.Errorf("%s is a tensor of %s: give float64 or float32", name, value.Shape())
		}
		return flat, value.Shape().Dimensions, nil
	case nil:
		return nil, nil, fmt.Errorf("start has no %q: give all parameters of the net", name)
	default:
		return nil, nil, fmt.Errorf("%s is a %T: give a slice of float64 or a tensor", name, value)
	}
}
