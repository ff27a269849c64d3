package lecture

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/figure"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Signal (claim N8) is the derivative that arrives at each hidden layer of a deep net at its start, its root mean square length over
// examples, relative to that at the last hidden layer.
type Signal struct {
	Activation problem.Activation
	Layer      []float64       // 1, 2, …
	Length     []stat.Interval // over seeds; of one seed without an interval
	Theory     []float64       // of theory.MeanField, for layers of infinite width
}

// String compares the first hidden layer with the last.
func (s *Signal) String() string {
	return fmt.Sprintf("%s: the derivative at layer 1 is %.2g times as long as at layer %d. Theory says %.2g.",
		s.Activation, s.Length[0].Value, len(s.Layer), s.Theory[0])
}

// DrawSignals (claim N8) draws the lengths over the layers, and what theory says of them.
func DrawSignals(signals []*Signal) *figure.Figure {
	fig := figure.New("Length of the derivative", figure.X("hidden layer"), figure.LogY("relative to the last layer"))
	for _, s := range signals {
		fig.ConfidenceIntervals(s.Activation.String(), s.Layer, s.Length)
		fig.Theory("theory", s.Layer, s.Theory)
	}
	return fig
}

// SignalSettings are those of Signals.
type SignalSettings struct {
	Depth int     // hidden layers
	Width int     // units of each
	Scale float64 // weights have the standard deviation Scale/√inputs, biases are 0
	Seeds int     // nets of each non-linearity
}

// Signals (claim N8) measures it on the first 64 digits, for nets of each non-linearity. It is an error when a setting cannot be, when
// a run fails, and when every net of a non-linearity has a layer that is off on all examples.
func Signals(settings SignalSettings) ([]*Signal, error) {
	if err := counts("Depth", settings.Depth, "Width", settings.Width, "Seeds", settings.Seeds); err != nil {
		return nil, err
	}
	few, _, err := SplitDigits(64)
	if err != nil {
		return nil, err
	}
	activations := problem.Activations()
	tell, end := progress.Begin("differentiating", len(activations)*settings.Seeds)
	defer end()
	var signals []*Signal
	for i, activation := range activations {
		s, err := signal(few, activation, settings, func(done int) { tell(i*settings.Seeds + done) })
		if err != nil {
			return nil, err
		}
		signals = append(signals, s)
	}
	return signals, nil
}

// signal measures nets of one non-linearity.
func signal(data *problem.Labeled, activation problem.Activation, settings SignalSettings, tell func(done int)) (*Signal, error) {
	depth := settings.Depth
	model := ofDigits(slices.Repeat([]int{settings.Width}, depth)...)
	model.Activation = activation
	net, err := problem.NewNet(model, data)
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(net, "SGD", train.Record{})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	lengths := make([][]float64, depth) // [layers][seeds]
	for k := range settings.Seeds {
		each, err := t.ExampleGradients(problem.Normal(settings.Scale)(model.Sizes, k+1).Theta())
		if err != nil {
			return nil, err
		}
		tell(k + 1)
		at := 0
		squares := make([]float64, depth)
		for l := range squares { // the derivative with respect to a bias is that to what comes into the unit
			w := model.Sizes[l+1]
			for _, g := range each {
				squares[l] += floats.Dot(g[at:at+w], g[at:at+w])
			}
			at += w + model.Sizes[l]*w
		}
		if squares[depth-1] == 0 {
			continue // a layer that is dead on all examples lets nothing through
		}
		for l := range squares {
			lengths[l] = append(lengths[l], math.Sqrt(squares[l]/squares[depth-1]))
		}
	}
	if len(lengths[0]) == 0 {
		return nil, fmt.Errorf("every one of the %d nets of %s has a layer that is off on all examples: take more units than %d", settings.Seeds, activation, settings.Width)
	}
	s := &Signal{Activation: activation}
	for l := range depth {
		length, err := stat.MeanOverRuns(lengths[l], Confidence)
		if err != nil {
			return nil, fmt.Errorf("the gradient's length in layer %d of nets of %s: %w", l+1, activation, err)
		}
		s.Layer, s.Length = append(s.Layer, float64(l+1)), append(s.Length, length)
	}
	s.Theory, err = meanLengths(data, activation, settings)
	return s, err
}

// meanLengths are theory's lengths by layer: the root of the mean over the examples, whose inputs differ in length, of the squares.
func meanLengths(data *problem.Labeled, activation problem.Activation, settings SignalSettings) ([]float64, error) {
	examples, inputs := data.Features.Dims()
	lengths := make([]float64, settings.Depth)
	for i := range examples {
		x := data.Features.RawRowView(i)
		first := settings.Scale * settings.Scale * floats.Dot(x, x) / float64(inputs)
		m, err := theory.NewMeanField(activation.At, activation.Slope, settings.Scale, first, settings.Depth)
		if err != nil {
			return nil, err
		}
		for l, length := range m.Gradient() {
			lengths[l] += length * length / float64(examples)
		}
	}
	for l := range lengths {
		lengths[l] = math.Sqrt(lengths[l])
	}
	return lengths, nil
}
