package lecture

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/relu"
)

// Degrees (claim N10) are the parameters of a random net, and its degrees of freedom on data.
type Degrees struct {
	Sizes      []int
	Redundancy relu.Redundancy
	Rank       int       // of the Jacobian, measured
	Singular   []float64 // its singular values, descending
	Rescaled   float64   // the greatest change of an output when every hidden unit is rescaled, as a part of the greatest output
}

// CountDegrees (claim N10) draws a net of the sizes, inputs, widths and outputs, and so many points, uniform in [−1, 1] in each input,
// and counts. It is an error when a number cannot be, and when the rank cannot be computed.
func CountDegrees(sizes []int, points int, seed int) (*Degrees, error) {
	if err := counts("points", points); err != nil {
		return nil, err
	}
	if len(sizes) < 2 {
		return nil, fmt.Errorf("sizes has %d elements: give the number of inputs, the widths and the number of outputs", len(sizes))
	}
	for l, size := range sizes {
		if err := counts(fmt.Sprintf("sizes[%d]", l), size); err != nil {
			return nil, err
		}
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 5))
	net := relu.New(sizes...)
	for _, layer := range net.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			for i := range in {
				layer.W.Set(i, j, rng.NormFloat64())
			}
			layer.B[j] = 0.5 * rng.NormFloat64()
		}
	}
	x := mat.NewDense(points, sizes[0], nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 2*rng.Float64() - 1 }, x)
	d := &Degrees{Sizes: sizes, Redundancy: net.Redundancy(x)}
	var err error
	if d.Rank, d.Singular, err = relu.Rank(net.Jacobian(x)); err != nil {
		return nil, err
	}
	rescaled := net
	for l, width := range net.Widths() {
		for j := range width {
			if rescaled, err = rescaled.Rescale(l, j, math.Exp(rng.NormFloat64())); err != nil {
				return nil, err
			}
		}
	}
	greatest := 0.0
	for i := range points {
		f := net.Output(x.RawRowView(i))
		greatest = max(greatest, floats.Norm(f, math.Inf(1)))
		d.Rescaled = max(d.Rescaled, floats.Distance(f, rescaled.Output(x.RawRowView(i)), math.Inf(1)))
	}
	if greatest > 0 {
		d.Rescaled /= greatest
	}
	return d, nil
}
