package relu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/internal/says"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"descent.example/pkg/relu"
)

// The values at the knots are met to a few roundings of the largest, for smooth and for the roughest of targets, and
// nowhere between is a smooth target missed by more than the bound.
func TestInterpolate(t *testing.T) {
	sine := func(x float64) float64 { return math.Sin(2 * math.Pi * x) }
	rng := rand.New(rand.NewPCG(1, 2))
	targets := map[string]func(float64) float64{
		"sine":  sine,
		"noise": func(float64) float64 { return 2*rng.Float64() - 1 },
	}
	for _, d := range []int{1, 2, 3, 10, 64, 1000, 4096} {
		for name, f := range targets {
			for spacing, offset := range map[string]float64{"even": 0, "uneven": 0, "far": 1000} {
				xs, ys := make([]float64, d+1), make([]float64, d+1)
				for i := range xs {
					xs[i] = float64(i) / float64(d)
					if spacing == "uneven" {
						xs[i] = math.Pow(xs[i], 1.5)
					}
					ys[i] = f(xs[i])
					xs[i] += offset
				}
				n, err := relu.Interpolate(xs, ys)
				require.NoError(t, err)
				require.Equal(t, []int{1, d, 1}, n.Sizes())
				worst := 0.0
				for i, x := range xs {
					worst = math.Max(worst, math.Abs(n.At(x)-ys[i]))
				}
				// An elbow adds what is missing, of magnitude at most 4 here, in three roundings.
				require.LessOrEqual(t, worst, 8*0x1p-52, "d = %d, %s, %s", d, name, spacing)
				if name == "sine" && spacing == "even" {
					h := 1 / float64(d)
					for k := range 2000 {
						x := (float64(k) + 0.5) / 2000
						bound := relu.LinearBound(4*math.Pi*math.Pi, h)
						require.LessOrEqual(t, math.Abs(n.At(x)-sine(x)), bound+1e-12)
					}
				}
			}
		}
	}
}

// From the middle outwards the terms of the sums are smaller than from one end: what other orders of summation lose.
func TestInterpolateFromTheMiddle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	const d = 500
	xs, ys := make([]float64, d+1), make([]float64, d+1)
	for i := range xs {
		xs[i], ys[i] = float64(i)/d, rng.Float64()
	}
	n, err := relu.Interpolate(xs, ys)
	require.NoError(t, err)
	elbows, _, err := n.Elbows()
	require.NoError(t, err)
	magnitude, oneSided := 0.0, 0.0
	for _, x := range xs {
		sum, other := 0.0, 0.0
		for _, e := range elbows {
			sum += math.Abs(e.At(x))
			other += math.Abs(e.V) * max(0, x-math.Abs(e.B))
		}
		magnitude, oneSided = max(magnitude, sum), max(oneSided, other)
	}
	require.Less(t, magnitude, 0.3*oneSided)
}

// N2: sup errors of d constants fall as d⁻¹, of d lines as d⁻².
func TestRates(t *testing.T) {
	f := func(x float64) float64 { return math.Exp(x) * math.Sin(5*x) }
	supremum := func(n *relu.Net) float64 {
		worst := 0.0
		for k := range 4001 {
			x := float64(k) / 4000
			worst = math.Max(worst, math.Abs(n.At(x)-f(x)))
		}
		return worst
	}
	var logs, constant, linear []float64
	for d := 16; d <= 256; d *= 2 {
		steps, err := relu.UniformSteps(f, 0, 1, d)
		require.NoError(t, err)
		lines, err := relu.Uniform(f, 0, 1, d)
		require.NoError(t, err)
		logs = append(logs, math.Log(float64(d)))
		constant = append(constant, math.Log(supremum(steps)))
		linear = append(linear, math.Log(supremum(lines)))
	}
	_, slope := stat.LinearRegression(logs, constant, nil, false)
	require.InDelta(t, -1, slope, 0.05)
	_, slope = stat.LinearRegression(logs, linear, nil, false)
	require.InDelta(t, -2, slope, 0.05)
}

func TestSteps(t *testing.T) {
	edges, ys := []float64{-1, 0, 0.5, 2}, []float64{3, -1, 4}
	n, err := relu.Steps(edges, ys, 0.01)
	require.NoError(t, err)
	for x, want := range map[float64]float64{
		-5: 3, -1: 3, -0.5: 3, -0.0051: 3, 0: 1, 0.0051: -1, 0.3: -1, 0.5: 1.5, 0.51: 4, 2: 4, 9: 4,
	} {
		require.InDelta(t, want, n.At(x), 1e-12, "at %v", x)
	}
	f := func(x float64) float64 { return math.Sin(3 * x) }
	n, err = relu.UniformSteps(f, 0, 1, 20)
	require.NoError(t, err)
	for k := range 1000 {
		x := (float64(k) + 0.5) / 1000
		require.LessOrEqual(t, math.Abs(n.At(x)-f(x)), relu.ConstantBound(3, 1./20)*(1+1e-3))
	}
}

func TestSawtooth(t *testing.T) {
	for depth := 1; depth <= 12; depth++ {
		n := relu.Sawtooth(depth)
		require.Equal(t, 6*depth+1, n.Parameters())
		knots, err := n.Knots(0, 1)
		require.NoError(t, err)
		require.Len(t, knots, 1<<depth-1)
		for i, knot := range knots {
			require.Equal(t, float64(i+1)/float64(int(1)<<depth), knot)
			require.Equal(t, float64((i+1)%2), n.At(knot))
		}
	}
	for depth := 13; depth <= 21; depth++ {
		pieces, err := relu.Sawtooth(depth).Pieces(0, 1)
		regions, sameErr := relu.Sawtooth(depth).Regions(0, 1)
		if depth > 18 { // as many as 2^19 are not found by float64, and none may be left out silently
			require.ErrorContains(t, err, "nearer to each other than the rounding error")
			require.Equal(t, err, sameErr)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, sameErr)
		require.Len(t, pieces, 1<<depth)
		require.Equal(t, 1<<depth, regions)
	}
	regions, err := folded(20).Regions(0, 1)
	require.NoError(t, err)
	require.Equal(t, 1<<20, regions)
	says.Panic(t, "depth … 0 … 1 … 50", func() { relu.Sawtooth(0) })
}

func TestConstructionErrors(t *testing.T) {
	square := func(x float64) float64 { return x * x }
	nan := math.NaN()
	for want, make := range map[string]func() (*relu.Net, error){
		"xs … 1 elements … ys … at least 2": func() (*relu.Net, error) {
			return relu.Interpolate([]float64{0}, []float64{0})
		},
		"xs[1] … greater … before": func() (*relu.Net, error) {
			return relu.Interpolate([]float64{0, 0}, []float64{0, 1})
		},
		"point 1 … (1, NaN) … finite": func() (*relu.Net, error) {
			return relu.Interpolate([]float64{0, 1}, []float64{0, nan})
		},
		"d is 0 … at least 1 piece": func() (*relu.Net, error) { return relu.Uniform(square, 0, 1, 0) },
		"lo is 1 … hi 1":            func() (*relu.Net, error) { return relu.UniformSteps(square, 1, 1, 3) },
		"edges … 2 elements … ys 2": func() (*relu.Net, error) {
			return relu.Steps([]float64{0, 1}, []float64{0, 1}, 0.1)
		},
		"ramp … 0.6 … positive … half … piece 0": func() (*relu.Net, error) {
			return relu.Steps([]float64{0, 1, 2}, []float64{0, 1}, 0.6)
		},
	} {
		_, err := make()
		says.All(t, err, want)
	}
}

func BenchmarkInterpolate(b *testing.B) {
	for _, d := range []int{64, 4096} {
		b.Run(fmt.Sprint(d), func(b *testing.B) {
			for b.Loop() {
				if _, err := relu.Uniform(math.Sin, 0, 6, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
