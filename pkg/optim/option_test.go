package optim_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/stretchr/testify/require"

	"descent.example/pkg/optim"
	"descent.example/pkg/train"
)

// soft is the soft threshold of x, the argument z at which ½(z − x)² + τ|z| is least.
func soft(x, tau float64) float64 {
	return math.Copysign(math.Max(math.Abs(x)-tau, 0), x)
}

// With GD, L1 is ISTA: step by step, and in the limit where the gradient balances λ·sign θ, or is smaller than λ where
// θ = 0. There it is exactly 0, which a subgradient step never makes it.
func TestL1IsISTA(t *testing.T) {
	const lambda, rate, steps = 0.4, 0.2, 600
	h := [3][3]float64{{3, 1, 0.5}, {1, 2, 0.2}, {0.5, 0.2, 1}}
	b := [3]float64{2, 0.7, 1.2} // L = ½θᵀHθ − bᵀθ
	gradient := func(theta []float64) (g [3]float64) {
		for i := range g {
			g[i] = h[i][0]*theta[0] + h[i][1]*theta[1] + h[i][2]*theta[2] - b[i]
		}
		return g
	}
	bowl := loss{start: []any{[]float64{1, -1, 2}}, of: func(p []*graph.Node) *graph.Node {
		rows := like(p[0], [][]float64{h[0][:], h[1][:], h[2][:]})
		half := graph.MulScalar(graph.DotProduct(p[0], graph.DotProduct(rows, p[0])), 0.5)
		return graph.Sub(half, graph.DotProduct(like(p[0], b[:]), p[0]))
	}}
	rule := must(optim.With(optim.GD(), optim.L1(lambda)))
	for _, backend := range backends(t) {
		for dtype, tolerance := range map[dtypes.DType]float64{dtypes.Float32: 1e-6, dtypes.Float64: 1e-14} {
			got := params(t, backend, bowl.as(dtype), rule, rate, steps)
			theta := []float64{1, -1, 2}
			for step := range got {
				require.InDeltaSlice(t, theta, got[step], tolerance, "step %d", step)
				g := gradient(theta)
				for i := range theta {
					theta[i] = soft(theta[i]-rate*g[i], rate*lambda)
				}
			}
			g := gradient(got[steps])
			require.Zero(t, got[steps][1])
			require.Less(t, math.Abs(g[1]), lambda)
			for _, i := range []int{0, 2} {
				require.NotZero(t, got[steps][i])
				require.InDelta(t, -math.Copysign(lambda, got[steps][i]), g[i], 10*tolerance)
			}
		}
	}

	subgradient := bowl.as(dtypes.Float64)
	subgradient.of = func(p []*graph.Node) *graph.Node {
		return graph.Add(bowl.of(p), graph.MulScalar(graph.ReduceAllSum(graph.Abs(p[0])), lambda))
	}
	for _, theta := range params(t, backends(t)[1], subgradient, optim.GD(), rate, steps) {
		require.NotZero(t, theta[1])
	}
}

// With momentum β the limit is the minimum of strength (1−β)λ: for L = ½h(θ − c)² that is the soft threshold of c at
// (1−β)λ/h.
func TestL1WithMomentum(t *testing.T) {
	curvature, centre := []float64{1, 2, 4}, []float64{1, 0.05, -0.02}
	bowl := loss{start: []any{[]float64{0.5, 0.5, 0.5}}, dtype: dtypes.Float64, of: func(p []*graph.Node) *graph.Node {
		d := graph.Sub(p[0], like(p[0], centre))
		return graph.MulScalar(graph.DotProduct(like(p[0], curvature), graph.Square(d)), 0.5)
	}}
	theta := params(t, backends(t)[1], bowl, must(optim.HeavyBall(0.75, optim.L1(0.4))), 0.05, 1000)[1000]
	for i := range theta {
		require.InDelta(t, soft(centre[i], 0.25*0.4/curvature[i]), theta[i], 1e-12)
	}
	require.Zero(t, theta[1])
	require.Zero(t, theta[2])
}

// The average is the mean of the iterates from a step on, and θ_t up to it. The run goes on as without it.
func TestAverageIsTheMeanOfTheIterates(t *testing.T) {
	const steps = 100
	for _, backend := range backends(t) {
		valley := problems["rosenbrock"].as(dtypes.Float32)
		record := train.Record{Params: true, Variables: []string{"optimizers/average/p0"}}
		trainer := newTrainer(t, backend, valley, must(optim.Adam(optim.Average(0))), record)
		without := params(t, backend, valley, must(optim.Adam()), 0.01, steps)
		for _, from := range []int{0, 1, 37, steps, 2 * steps} {
			hyper := map[string]float64{"average_from": float64(from)}
			h := run(t, trainer, train.Config{LearningRate: 0.01, Steps: steps, Hyper: hyper})
			require.Equal(t, without, h.Params)
			for step := 1; step <= steps; step++ {
				first := min(from, step)
				mean := make([]float64, 2)
				for _, theta := range h.Params[first : step+1] {
					mean[0] += theta[0] / float64(step-first+1)
					mean[1] += theta[1] / float64(step-first+1)
				}
				// The iterates are float32; the tolerance is that of float64.
				average := h.Variables["optimizers/average/p0"][step]
				require.InDeltaSlice(t, mean, average, 1e-13, "from %d, step %d", from, step)
			}
		}
	}
}

// Clipping scales the gradient to the norm if it is longer, over all parameters together: 1e30, whose square is too
// great for a float32, as well as 10. Zero stays zero, and what is not finite is not made finite.
func TestClip(t *testing.T) {
	for _, backend := range backends(t) {
		for scale, want := range map[float64]float64{0: 0, 0.01: 0.01, 0.1: 0.1, 1: 0.2, 1e30: 0.2} {
			slopes := linear(dtypes.Float32, []float64{3 * scale, 0}, []float64{-4 * scale})
			theta := params(t, backend, slopes, must(optim.With(optim.GD(), optim.Clip(1))), 1, 1)[1]
			require.InDeltaSlice(t, []float64{-3 * want, 0, 4 * want}, theta, 1e-6, "scale %v", scale)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		slopes := linear(dtypes.Float32, []float64{bad}, []float64{1})
		trainer := newTrainer(t, backends(t)[1], slopes, must(optim.With(optim.GD(), optim.Clip(1))), train.Record{})
		h := run(t, trainer, train.Config{LearningRate: 1, Steps: 1})
		_, diverged := h.Diverged()
		require.True(t, diverged)
	}
}

// Options act in their order: clipping before weight decay bounds the loss's gradient alone, after it the sum.
func TestOptionsActInTheirOrder(t *testing.T) {
	backend := backends(t)[1]
	slope := linear(dtypes.Float64, []float64{10})
	slope.start = []any{[]float64{3}}
	step := func(options ...optim.Option) float64 {
		return 3 - params(t, backend, slope, must(optim.With(optim.GD(), options...)), 0.5, 1)[1][0]
	}
	require.InDelta(t, 0.5*(1+2*3), step(optim.Clip(1), optim.WeightDecay(2)), 1e-15)
	require.InDelta(t, 0.5*1, step(optim.WeightDecay(2), optim.Clip(1)), 1e-15)
	// Shrinking is by θ before the step, and the threshold is for what it leaves: 3 − 0.5·10 − 0.5·0.2·3 = −2.3.
	require.InDelta(t, 3-soft(-2.3, 0.5*0.4), step(optim.DecoupledWeightDecay(0.2), optim.L1(0.4)), 1e-15)
}

// With makes another optimizer: what it is given stays unchanged.
func TestWithCopies(t *testing.T) {
	backend := backends(t)[1]
	rule := must(optim.HeavyBall(0.9, optim.L1(0.01)))
	want := params(t, backend, problems["quadratic"], rule, 0.01, 5)
	other := must(optim.With(rule, optim.Hyper("momentum", 0), optim.Hyper("l1", 0), optim.WeightDecay(1)))
	require.NotEqual(t, want, params(t, backend, problems["quadratic"], other, 0.01, 5))
	require.Equal(t, want, params(t, backend, problems["quadratic"], rule, 0.01, 5))
}
