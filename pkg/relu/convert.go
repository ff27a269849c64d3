package relu

import "descent.example/pkg/problem"

// Theta returns the parameters as train.History flattens those of a problem.MLP: layer by layer, the biases before the
// weights, [Parameters].
func (n *Net) Theta() []float64 {
	return problem.Layers(n.Layers).Theta()
}

// FromTheta makes the net of the parameters of a trained problem.MLP, as train.History has them, and its sizes: inputs,
// widths and outputs. It is an error when the number of parameters is not that of the sizes, and when one is not
// finite.
func FromTheta(theta []float64, sizes ...int) (*Net, error) {
	layers, err := problem.NewLayers(theta, sizes...)
	if err != nil {
		return nil, err
	}
	n := &Net{layers}
	return n, n.Check()
}

// Start returns the parameters by name, as train.Config.Start takes them: a problem.MLP of the same Sizes then starts
// where this net is.
func (n *Net) Start() map[string]any {
	return problem.Layers(n.Layers).Start()
}

// FromStart makes the net of such parameters by name, for example those of problem.Layers.Start or of
// train.History.Value: tensors of float64 or float32, or slices of float64. It is an error when one is missing, has
// another type or does not fit, or when there are names that are not a net's.
func FromStart(start map[string]any) (*Net, error) {
	layers, err := problem.LayersFrom(start)
	if err != nil {
		return nil, err
	}
	n := &Net{layers}
	return n, n.Check()
}
