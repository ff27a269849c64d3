package claims

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Section 1.2: the error of the first-order series shrinks as the square of the distance. On a quadratic the slope is 2 and
// the radius of trust the closed form of the exercise; on a net the slope is 2 where few ReLUs switch.
func TestClaimG2FirstOrderSeries(t *testing.T) {
	fit, descent := diabetes(t)
	landscape := func(theta []float64) (float64, []float64, error) { return fit.Value(theta), fit.Gradient(theta), nil }
	var radii []float64
	for r := 1e-3; r < 3; r *= 1.5 {
		radii = append(radii, r)
	}
	start := []float64{1, -1, 2, 0, 3, 1, 0, -2, 1, 1}
	taylor, err := lecture.LinearModel(landscape, start, radii)
	require.NoError(t, err)
	require.InDelta(t, 2, taylor.Slope, 1e-6)
	g := mat.NewVecDense(10, fit.Gradient(start))
	norm := floats.Norm(g.RawVector().Data, 2)
	require.InEpsilon(t, 0.2*norm*norm*norm/mat.Inner(g, fit.Hessian(nil), g), taylor.Trust, 1e-6)
	require.GreaterOrEqual(t, taylor.Trust/norm, 0.2/descent.Lambda[9], "at least a tenth of the largest stable rate")

	net, err := lecture.SmallNet(32)
	require.NoError(t, err)
	on := trainer(t, net, train.Record{Params: true})
	h := run(t, on, train.Config{LearningRate: 1e-9, Steps: 1, Seed: 1})
	taylor, err = lecture.LinearModel(on.Evaluate, h.Params[0], []float64{1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2})
	require.NoError(t, err)
	require.InDelta(t, 2, taylor.Slope, 0.1)

	_, err = lecture.LinearModel(landscape, descent.Optimum, radii[:1])
	if err == nil { // the optimum is known to rounding only
		require.Less(t, floats.Norm(fit.Gradient(descent.Optimum), 2), 1e-12)
	}
	_, err = lecture.LinearModel(func([]float64) (float64, []float64, error) { return 0, []float64{0}, nil }, []float64{0}, radii)
	require.ErrorContains(t, err, "the gradient is 0 here")
}

// Section 1.6: where a net rests, training breaks at 2/λ_max of that place, within 1 %. Where it does not, it goes along
// the edge: its rate times the sharpness is 2 (the exercise). On the edge rounding decides where it is at the end, and
// over seeds and widths the product is 2.00 ± 0.03.
func TestClaimG3ANetsThreshold(t *testing.T) {
	for _, c := range []struct {
		width int
		seed  int
	}{{6, 2}, {8, 6}, {12, 3}, {12, 7}} {
		edge, err := lecture.NetThreshold(t.Context(), lecture.ThresholdSettings{Width: c.width, Rate: 0.1, Seed: c.seed})
		require.NoError(t, err)
		require.True(t, edge.Rests(), "‖∇L‖ = %g", edge.Gradient)
		require.InEpsilon(t, theory.StabilityThreshold(edge.Sharpness), edge.Measured, 0.01, "width %d, seed %d", c.width, c.seed)
		last := func(xs []float64) float64 { return xs[len(xs)-1] / xs[0] }
		require.Less(t, last(edge.Distance[1]), 10.0)
		require.Greater(t, last(edge.Distance[2]), 1000.0)
	}
	for _, lr := range []float64{0.1, 0.2} {
		edge, err := lecture.NetThreshold(t.Context(), lecture.ThresholdSettings{Width: 12, Rate: lr, Seed: 5})
		require.NoError(t, err)
		require.False(t, edge.Rests())
		require.InDelta(t, 2, lr*edge.Sharpness, 0.15, "η = %g", lr)
	}
}

// The sharpness by differences of gradients is that of the Hessian where that is known.
func TestSharpness(t *testing.T) {
	fit, descent := diabetes(t)
	sharpness, err := lecture.Sharpness(func(theta []float64) (float64, []float64, error) {
		return fit.Value(theta), fit.Gradient(theta), nil
	}, make([]float64, 10))
	require.NoError(t, err)
	require.InEpsilon(t, descent.Lambda[9], sharpness, 1e-5)
}

// Section 1.8: the number of steps to a small loss is theory's for every rate, U-shaped, with its least near
// 2/(λ_max + λ_min), and doubles when a small rate is halved.
func TestClaimG5TooSmallARateCosts(t *testing.T) {
	bowl, descent := valley(t)
	on := trainer(t, bowl, train.Record{})
	best, _ := theory.OptimalRate(descent.Lambda[0], descent.Lambda[1])
	var rates []float64
	for _, f := range []float64{0.002, 0.004, 0.01, 0.1, 0.5, 0.9, 1, 1.02, 1.05, 1.09, 1.2} {
		rates = append(rates, f*best)
	}
	bill, err := lecture.MeasureCosts(t.Context(), on, descent, lecture.CostSettings{Rates: rates, Start: bowl.Start, Epsilon: 1e-12, Limit: 100_000})
	require.NoError(t, err)
	require.True(t, bill.Agree, "measured %v, predicted %v", bill.Measured, bill.Predicted)
	require.Len(t, bill.Rates, 10, "beyond the threshold it never gets there")
	require.InDelta(t, 2, bill.Measured[0]/bill.Measured[1], 0.01)
	require.InEpsilon(t, best, bill.Rates[bill.Cheapest], 0.06)
	require.Greater(t, bill.Measured[9], 3*bill.Measured[bill.Cheapest], "the right wall")
	require.InEpsilon(t, math.Log(1e12)/2/(0.002*best*descent.Lambda[0]), bill.Measured[0], 0.35, "ln(1/ε)/(2ηλ_min), and the part of the loss along the valley")
	_, err = lecture.MeasureCosts(t.Context(), on, descent, lecture.CostSettings{Rates: []float64{1e-6}, Start: bowl.Start, Epsilon: 1e-6, Limit: 100})
	require.ErrorContains(t, err, "no rate got there within 100 steps")
}

// Section 1.9: the 0-1 loss has no gradient and moves nothing; each surrogate moves, and halves the mistakes. Their slopes
// are those of finite differences, and they lie above the 0-1 loss.
func TestClaimG6SurrogatesCanBeFollowed(t *testing.T) {
	followed, err := lecture.FollowSurrogates(t.Context(), 0.1, 2000)
	require.NoError(t, err)
	require.Len(t, followed, 4)
	require.Zero(t, followed[0].Gradient)
	require.Zero(t, followed[0].Moved)
	require.Equal(t, followed[0].AtStart, followed[0].Mistakes)
	for _, f := range followed[1:] {
		require.Greater(t, f.Gradient, 0.5)
		require.Less(t, f.Mistakes, 0.55*f.AtStart, f.Name)
	}
	surrogates := problem.Surrogates()
	for m := -3.05; m < 3; m += 0.1 {
		for _, s := range surrogates {
			require.InDelta(t, (s.Loss(m+1e-6)-s.Loss(m-1e-6))/2e-6, s.Derivative(m), 1e-6, "%s at %v", s.Name, m)
			require.GreaterOrEqual(t, s.Loss(m), surrogates[0].Loss(m))
		}
	}
}

// Section 1.9: ridge ends in the closed form. L1 by soft thresholds gives exact zeros and satisfies the conditions of an
// optimum, |∂L/∂θᵢ| ≤ strength where θᵢ = 0 and = ∓strength elsewhere; autodiff through |θ| gives no exact zero.
func TestClaimG6Regularization(t *testing.T) {
	p, err := lecture.Regularize(t.Context(), lecture.PenaltySettings{Ridge: 0.1, L1: 5, Rate: 0.3, Steps: 20_000})
	require.NoError(t, err)
	require.InDeltaSlice(t, p.ClosedForm, p.Ridge, 1e-9)
	require.Less(t, floats.Norm(p.Ridge, 2), 0.8*floats.Norm(p.Plain, 2), "it shrinks the weights")
	require.GreaterOrEqual(t, lecture.Zeros(p.L1), 3)
	require.Zero(t, lecture.Zeros(p.Subgradient))
	fit, _ := diabetes(t)
	gradient := fit.Gradient(p.L1)
	for i, w := range p.L1 {
		if w == 0 {
			require.Less(t, math.Abs(gradient[i]), 5.0)
			require.Less(t, math.Abs(p.Subgradient[i]), 2*0.3*5, "it hovers about 0 by steps of ηλ")
		} else {
			require.InDelta(t, -math.Copysign(5, w), gradient[i], 1e-8)
		}
	}
}
