package relu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/says"
	"descent.example/pkg/relu"
)

// random draws a net as PyTorch's Linear does, but for larger biases, so that knots lie apart.
func random(rng *rand.Rand, sizes ...int) *relu.Net {
	n := relu.New(sizes...)
	for _, layer := range n.Layers {
		in, out := layer.W.Dims()
		for j := range out {
			layer.B[j] = rng.NormFloat64()
			for i := range in {
				layer.W.Set(i, j, rng.NormFloat64()*math.Sqrt(2/float64(in)))
			}
		}
	}
	return n
}

// inputs draws inputs in [−2, 2].
func inputs(rng *rand.Rand, rows, columns int) *mat.Dense {
	x := mat.NewDense(rows, columns, nil)
	for i := range rows {
		for j := range columns {
			x.Set(i, j, 4*rng.Float64()-2)
		}
	}
	return x
}

// Every derivative that Backward gives, of outputs and of a loss, against finite differences.
func TestBackward(t *testing.T) {
	for seed, sizes := range [][]int{{1, 5, 1}, {3, 4, 5, 2}, {2, 6, 6, 6, 1}, {2, 3}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			n := random(rng, sizes...)
			x := inputs(rng, 1, sizes[0]).RawRowView(0)
			weights := inputs(rng, 1, sizes[len(sizes)-1]).RawRowView(0)
			combined := func(f []float64) float64 {
				sum := 0.0
				for k, v := range f {
					sum += weights[k] * v
				}
				return sum
			}
			trace := n.Forward(x)
			g := n.Backward(trace, weights)
			settings := &fd.Settings{Formula: fd.Central, Step: 1e-6}
			of := func(theta []float64) float64 {
				n, err := relu.FromTheta(theta, sizes...)
				require.NoError(t, err)
				return combined(n.Output(x))
			}
			require.InDeltaSlice(t, fd.Gradient(nil, of, n.Theta(), settings), g.Theta(), 1e-7)
			require.InDeltaSlice(t, fd.Gradient(nil, func(x []float64) float64 { return combined(n.Output(x)) }, x, settings), g.X, 1e-7)
			// The nodes: the net from that node on, its ReLU first where there is one.
			for l := range n.Layers {
				from := func(z []float64) float64 { return combined(z) }
				after := func(h []float64) float64 { panic("the output has none after it") }
				if l < len(n.Layers)-1 {
					rest := &relu.Net{Layers: n.Layers[l+1:]}
					after = func(h []float64) float64 { return combined(rest.Output(h)) }
					from = func(z []float64) float64 {
						h := make([]float64, len(z))
						for j, v := range z {
							h[j] = math.Max(v, 0)
						}
						return after(h)
					}
					require.InDeltaSlice(t, fd.Gradient(nil, after, trace.H[l], settings), g.H[l], 1e-7)
				}
				require.InDeltaSlice(t, fd.Gradient(nil, from, trace.Z[l], settings), g.Z[l], 1e-7)
			}
		})
	}
}

func TestElbow(t *testing.T) {
	for _, e := range []relu.Elbow{{V: 2, W: 3, B: -1.5}, {V: -1, W: 2, B: 1}, {V: 0.5, W: -1, B: 0.25}, {V: -2, W: -2, B: -1}} {
		require.Zero(t, e.At(e.Knot()))
		side := math.Copysign(1, e.W)
		require.Zero(t, e.At(e.Knot()-side))
		require.InDelta(t, side*e.Slope(), e.At(e.Knot()+side), 1e-15)
		for _, x := range []float64{-1.3, 0.2, 1.7} {
			require.GreaterOrEqual(t, e.Unscaled(x), 0.0)
			v, w, b := e.Gradient(x)
			of := func(p []float64) float64 { return relu.Elbow{V: p[0], W: p[1], B: p[2]}.At(x) }
			want := fd.Gradient(nil, of, []float64{e.V, e.W, e.B}, &fd.Settings{Formula: fd.Central})
			require.InDeltaSlice(t, want, []float64{v, w, b}, 1e-8)
		}
		v, w, b := e.Gradient(e.Knot())
		require.Equal(t, []float64{0, 0, 0}, []float64{v, w, b}, "as problem.MLP has it")
	}
}

func TestSum(t *testing.T) {
	elbows := []relu.Elbow{{V: 2, W: 3, B: -1.5}, {V: -1, W: -2, B: 1}}
	n, err := relu.Sum(elbows, 0.5)
	require.NoError(t, err)
	for _, x := range []float64{-1, 0, 0.6, 3} {
		require.InDelta(t, 0.5+elbows[0].At(x)+elbows[1].At(x), n.At(x), 1e-14)
	}
	// On a knot its elbow gets no gradient.
	g := n.Backward(n.Forward([]float64{0.5}), []float64{1})
	require.Equal(t, []float64{0, 0, 0, 0, 1, 0, 0}, g.Theta())
	back, bias, err := n.Elbows()
	require.NoError(t, err)
	require.Equal(t, elbows, back)
	require.Equal(t, 0.5, bias)
	_, _, err = relu.New(1, 2, 2, 1).Elbows()
	says.All(t, err, "[1 2 2 1] … one hidden layer … elbows")
	_, err = relu.Sum(nil, 0)
	says.All(t, err, "elbows … empty")
	_, err = relu.Sum([]relu.Elbow{{V: math.NaN()}}, 0)
	require.ErrorContains(t, err, "it must be a finite number")
}
