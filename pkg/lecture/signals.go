package lecture

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"gonum.org/v1/gonum/floats"

	"descent.example/pkg/optim"
	"descent.example/pkg/problem"
	"descent.example/pkg/progress"
	"descent.example/pkg/stat"
	"descent.example/pkg/train"
)

// Signal is the derivative that arrives at each hidden layer of a deep net at its start, its root mean square length over
// examples, relative to that at the last hidden layer (claim N8).
type Signal struct {
	Activation problem.Activation
	Layer      []float64       // 1, 2, …
	Length     []stat.Interval // over seeds; of one seed without an interval
	Theory     []float64       // for equal widths and independent weights: √(Scale² E φ′²) for each layer
}

// Signals measures it on the first 64 digits, for nets of the depth and width given, whose weights are normally distributed with
// the standard deviation scale/√inputs, and whose biases are 0.
func Signals(backend compute.Backend, activations []problem.Activation, depth, width int, scale float64, seeds int) ([]*Signal, error) {
	if err := counts("depth", depth, "width", width, "seeds", seeds); err != nil {
		return nil, err
	}
	digits, err := problem.Digits()
	if err != nil {
		return nil, err
	}
	few, _, err := digits.Split(64)
	if err != nil {
		return nil, err
	}
	tell, end := progress.Begin("differentiating", len(activations)*seeds)
	defer end()
	done := 0
	var signals []*Signal
	for _, activation := range activations {
		widths := slices.Repeat([]int{width}, depth)
		net, err := few.Net(widths)
		if err != nil {
			return nil, err
		}
		net.Activation, net.DType = activation, dtypes.Float64
		t, err := train.New(backend, net, optim.GD(), train.Record{})
		if err != nil {
			return nil, err
		}
		defer t.Close()
		lengths := make([][]float64, depth) // [layers][seeds]
		for _, seed := range Seeds(seeds) {
			theta := gaussian(few, widths, scale, uint64(seed))
			each, err := t.ExampleGradients(theta)
			if err != nil {
				return nil, err
			}
			done++
			tell(done)
			at := 0
			in := few.Features.RawMatrix().Cols
			squares := make([]float64, depth)
			for l, w := range widths { // the derivative with respect to a bias is that to what comes into the unit
				for _, g := range each {
					squares[l] += floats.Dot(g[at:at+w], g[at:at+w])
				}
				at += w + in*w
				in = w
			}
			if squares[depth-1] == 0 {
				continue // a layer that is dead on all examples lets nothing through
			}
			for l := range squares {
				lengths[l] = append(lengths[l], math.Sqrt(squares[l]/squares[depth-1]))
			}
		}
		if len(lengths[0]) == 0 {
			return nil, fmt.Errorf("every one of the %d nets of %s has a layer that is off on all examples: take more units than %d", seeds, activation, width)
		}
		s := &Signal{Activation: activation}
		factor := map[problem.Activation]float64{problem.ReLU: 0.5, problem.Tanh: 1, problem.Sigmoid: 1. / 16}[activation]
		for l := range depth {
			length, err := stat.MeanOverRuns(lengths[l], Confidence)
			if err != nil {
				return nil, fmt.Errorf("the gradient's length in layer %d of nets of %s: %w", l+1, activation, err)
			}
			s.Layer, s.Length = append(s.Layer, float64(l+1)), append(s.Length, length)
			s.Theory = append(s.Theory, math.Pow(scale*math.Sqrt(factor), float64(depth-1-l)))
		}
		signals = append(signals, s)
	}
	return signals, nil
}

// gaussian draws parameters for a classifier, flattened as Evaluate takes them.
func gaussian(data *problem.Labeled, widths []int, scale float64, seed uint64) (theta []float64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	in := data.Features.RawMatrix().Cols
	for l := range len(widths) + 1 {
		out := data.Classes
		if l < len(widths) {
			out = widths[l]
		}
		theta = append(theta, make([]float64, out)...)
		for range in * out {
			theta = append(theta, scale/math.Sqrt(float64(in))*rng.NormFloat64())
		}
		in = out
	}
	return theta
}
