package claims

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/figure"
	"descent.example/pkg/lecture"
	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"descent.example/pkg/train"
)

// Section 1.2: the error of the first-order series shrinks as the square of the distance. On a quadratic the slope is 2 and
// the radius of trust the closed form of the exercise. On a net the departure from ½uᵀHu r² is small where the tangent is good, for
// the start that is shown and for at least three of four others; at r = 10 it is over 10 % for more than half of the starts.
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

	require.InEpsilon(t, 0.2*taylor.Gradient/taylor.Curvature, taylor.Trust, 1e-6)
	require.Less(t, taylor.Departure(3), 1e-5)

	net, err := lecture.SmallNet(32)
	require.NoError(t, err)
	on := trainer(t, net, train.Record{Params: true})
	radii = append(radii, 5, 10)
	near, far := 0, 0
	const starts = 40
	for seed := 1; seed <= starts; seed++ {
		h := run(t, on, train.Config{LearningRate: 1e-9, Steps: 1, Seed: seed})
		taylor, err = lecture.LinearModel(on.Evaluate, h.Params[0], radii)
		require.NoError(t, err)
		if taylor.Departure(taylor.Trust) < 0.01 {
			near++
		}
		if taylor.Departure(10) > 0.1 {
			far++
		}
		if seed == 1 {
			require.InDelta(t, 2, taylor.Slope, 0.01)
			require.InEpsilon(t, 0.2*taylor.Gradient/taylor.Curvature, taylor.Trust, 0.01)
			require.Less(t, taylor.Departure(taylor.Trust), 0.001)
			require.Less(t, taylor.Departure(10), 0.05, "a lucky start")
		}
	}
	require.Greater(t, near, starts*3/4)
	require.Greater(t, far, starts/2)

	_, err = lecture.LinearModel(landscape, descent.Optimum, radii[:1])
	if err == nil { // the optimum is known to rounding only
		require.Less(t, floats.Norm(fit.Gradient(descent.Optimum), 2), 1e-12)
	}
	_, err = lecture.LinearModel(func([]float64) (float64, []float64, error) { return 0, []float64{0}, nil }, []float64{0}, radii)
	require.ErrorContains(t, err, "the gradient is 0 here")
}

// Section 1.6: where a ReLU net rests, a kick along the sharpest direction follows |1 − ηλ_max|^t, and begins to grow at 2/λ_max
// of that place, within 0.1 %: for every net that rests and is not dead, of 20 starts. Below it the kick dies out; above it
// the kick ends ten thousand times as large: the net no longer rests. The others go along the edge: their rate times their sharpness is
// 2, to 5 %. On another machine rounding may decide for one of them.
func TestClaimG3ANetsThreshold(t *testing.T) {
	nets, err := lecture.NetThresholds(t.Context(), lecture.ThresholdSettings{Width: 6, Rate: 0.1, Steps: 100_000, Seeds: 20, Fractions: []float64{0.9, 0.97, 1.03}})
	require.NoError(t, err)
	resting, dead, moving := lecture.Resting(nets)
	require.GreaterOrEqual(t, len(resting), 7)
	for _, net := range dead {
		require.InDelta(t, 1, net.Sharpness, 1e-6, "the curvature of the output's bias alone")
	}
	require.GreaterOrEqual(t, len(moving), 5)
	for _, net := range resting {
		require.InEpsilon(t, theory.StabilityThreshold(net.Sharpness), net.Measured, 0.001, "seed %d", net.Seed)
		for i, f := range net.Fractions {
			factor := math.Abs(1 - 2*f)
			require.InEpsilon(t, factor, math.Pow(net.Component[i][20]/net.Component[i][0], 1./20), 0.001, "seed %d, %g", net.Seed, f)
		}
		last := func(i int) float64 { return net.Component[i][len(net.Component[i])-1] }
		require.Less(t, last(0), 1e-13, "seed %d", net.Seed)
		require.Less(t, last(1), 1e-13, "seed %d", net.Seed)
		require.Greater(t, last(2), 1e-4, "seed %d", net.Seed)
		require.LessOrEqual(t, 0.1*net.Sharpness, 2.0, "no net rests where its rate is not stable")
	}
	for _, net := range moving {
		require.InDelta(t, 2, 0.1*net.Sharpness, 0.1, "seed %d", net.Seed)
	}
}

// Section 1.6: on the edge of stability η·λ_max hovers about 2 while the loss falls on, from each of four starts and at two rates. Below it, at a
// rate a quarter as large, the sharpness has grown, to where the larger rate could not stay.
func TestClaimG3EdgeOfStability(t *testing.T) {
	for seed := 1; seed <= 4; seed++ {
		edges, err := lecture.FollowSharpness(t.Context(), lecture.EdgeSettings{Width: 12, Rates: []float64{0.1, 0.2, 0.4}, Steps: 16_000, Records: 20, Seed: seed})
		require.NoError(t, err)
		for _, e := range edges {
			_, median, _ := e.Late()
			require.Len(t, e.Loss, 16_001, "nothing is cut")
			require.Less(t, slices.Min(e.Loss[15_000:]), 0.2*e.Loss[0])
			if e.Rate > 0.1 {
				require.InDelta(t, 2, median, 0.1, "seed %d, η = %g", seed, e.Rate)
				if e.Rate == 0.4 {
					require.Greater(t, e.Length[len(e.Length)-1], 0.01, "seed %d: it does not rest", seed)
					require.True(t, seed != 1 || slices.Min(e.Length[8000:]) > 0.06 && slices.Max(e.Length[8000:]) < 0.1, "from the cell's start no step is short")
				}
			} else {
				require.Less(t, median, 1.9, "seed %d: this rate is not at its edge yet", seed)
				require.Less(t, e.Length[len(e.Length)-1], 0.001, "seed %d: it creeps", seed)
				require.Greater(t, e.Sharpness[len(e.Sharpness)-1], 1.5*theory.StabilityThreshold(0.4))
				for k := 1000; k < 16_000; k++ {
					require.Less(t, e.Loss[k+1], e.Loss[k], "without a spike")
				}
			}
		}
	}
}

// The sharpness by differences of gradients is that of the Hessian where that is known, by power iteration and by all of the Hessian.
func TestSharpness(t *testing.T) {
	fit, descent := diabetes(t)
	landscape := func(theta []float64) (float64, []float64, error) { return fit.Value(theta), fit.Gradient(theta), nil }
	sharpness, v, err := lecture.Sharpness(landscape, make([]float64, 10))
	require.NoError(t, err)
	require.InEpsilon(t, descent.Lambda[9], sharpness, 1e-5)
	require.InDelta(t, 1, math.Abs(mat.Dot(mat.NewVecDense(10, v), descent.Vectors.ColView(9))), 1e-6)
	hessian, err := lecture.Hessian(landscape, make([]float64, 10))
	require.NoError(t, err)
	require.InDelta(t, 0, floats.Distance(mat.DenseCopyOf(hessian).RawMatrix().Data, mat.DenseCopyOf(fit.Hessian(nil)).RawMatrix().Data, math.Inf(1)), 1e-5)
}

// Section 1.4: in a valley of several, a run rests only if its rate is below 2/L″ of that valley.
func TestClaimG3EachValleyHasItsThreshold(t *testing.T) {
	c := 0.15 * math.Pi
	slope := func(x float64) float64 { return math.Cos(c*x) - c*x*math.Sin(c*x) }
	curvature := func(x float64) float64 { return -2*c*math.Sin(c*x) - c*c*x*math.Cos(c*x) }
	for lr, want := range map[float64]float64{0.3: 7.274, 2: -1.82} {
		x := 10.0
		for range 2000 {
			x -= lr * slope(x)
		}
		require.InDelta(t, want, x, 0.02)
		require.InDelta(t, 0, slope(x), 1e-9, "it rests")
		require.Less(t, lr, 2/curvature(x))
	}
	require.Less(t, 2/curvature(7.274), 2.0, "the large rate cannot rest in the deep valley")
}

// Section 1.5: one Newton step lands on the minimum of a quadratic.
func TestClaimG3NewtonArrivesAtOnce(t *testing.T) {
	fit, descent := diabetes(t)
	theta := []float64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
	var step mat.VecDense
	require.NoError(t, step.SolveVec(fit.Hessian(nil), mat.NewVecDense(10, fit.Gradient(theta))))
	floats.Sub(theta, step.RawVector().Data)
	require.InDeltaSlice(t, descent.Optimum, theta, 1e-9)
	require.InDelta(t, 0.60, descent.Shares(fit.Start)[9], 0.005, "the part of the excess loss that the cell prints")
	for i := range 10 {
		require.InDelta(t, 1, fit.Hessian(nil).At(i, i), 1e-12, "standardized: the eigenvalues differ because of correlations alone")
	}
}

// Section 1.8: the number of steps to a small loss is theory's for every rate, U-shaped, with its least near
// 2/(λ_max + λ_min), and doubles when a small rate is halved. No rate of a fine grid up to the threshold needs fewer steps than the
// rate that is said to be best, and that is not at the grid's edge.
func TestClaimG5TooSmallARateCosts(t *testing.T) {
	study, err := lecture.PricedRegression(10)
	require.NoError(t, err)
	require.InDelta(t, 1, study.Descent.Lambda[0], 1e-9)
	require.InDelta(t, 10, study.Descent.Lambda[19], 1e-9)
	on, err := study.Trainer(train.Record{})
	require.NoError(t, err)
	t.Cleanup(on.Close)
	best := 2. / 11
	var rates []float64
	for _, f := range []float64{0.02, 0.04, 0.1, 0.5, 0.9, 0.96, 1, 1.03, 1.06, 1.09, 1.2} {
		rates = append(rates, f*best)
	}
	bill, err := lecture.MeasureCosts(t.Context(), on, study.Descent, lecture.CostSettings{Rates: rates, Start: study.Start, Epsilon: 1e-6, Limit: 20_000})
	require.NoError(t, err)
	require.Zero(t, bill.Off, "measured %v, predicted %v", bill.Measured, bill.Predicted)
	require.Equal(t, 1, bill.Lost, "beyond the threshold it never gets there")
	require.InDelta(t, 2, bill.Measured[0]/bill.Measured[1], 0.01)
	require.InDelta(t, best, bill.Formula, 1e-12)
	require.Equal(t, 28, bill.AtFormula)
	require.Equal(t, 24, bill.Fewest)
	require.Equal(t, 1999, bill.Tried)
	require.InDelta(t, 0.1742, bill.Best, 5e-5)
	require.Greater(t, bill.Measured[9], 3*float64(bill.Fewest), "the right wall")
	least := slices.Index(bill.Measured, slices.Min(bill.Measured))
	require.True(t, 0 < least && least < len(bill.Measured)-1, "the best of the grid is not at its edge")
	for k := range 2000 {
		if steps, err := study.Descent.Steps(0.2*float64(k)/1999, study.Start, 1e-6); err == nil {
			require.GreaterOrEqual(t, steps, bill.Fewest)
		}
	}
	share := study.Descent.Shares(study.Start)[0]
	require.InEpsilon(t, math.Log(share/1e-6)/(2*rates[0]), bill.Measured[0], 0.2, "ln(s/ε)/(2ηλ_min)")
	for i, seconds := range bill.Seconds {
		require.Positive(t, seconds, bill.Rates[i])
	}
	_, err = lecture.MeasureCosts(t.Context(), on, study.Descent, lecture.CostSettings{Rates: []float64{1e-6}, Start: study.Start, Epsilon: 1e-6, Limit: 100})
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
		require.Less(t, f.Left, 0.02*f.Gradient, "%s: it has nearly arrived", f.Name)
		require.InDelta(t, followed[1].Mistakes*442, f.Mistakes*442, 9.5, "%s: at most nine patients apart", f.Name)
	}
	require.Less(t, followed[1].Left, 1e-3)
	require.Greater(t, followed[2].Left, 1e-3, "the logistic loss has not converged")
	require.Greater(t, followed[3].Left, 1e-3, "nor has the hinge")
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
			for _, theta := range p.Hard {
				require.NotZero(t, theta[i])
				require.Less(t, math.Abs(theta[i]), 3*0.3*5, "it hovers about 0")
			}
			for _, theta := range p.Soft {
				require.Zero(t, theta[i], "it rests at 0")
			}
		} else {
			require.InDelta(t, -math.Copysign(5, w), gradient[i], 1e-8)
		}
	}
	crossings := func(i int) (part float64) {
		for k := 1; k < len(p.Hard); k++ {
			if p.Hard[k][i]*p.Hard[k-1][i] < 0 {
				part += 1 / float64(len(p.Hard)-1)
			}
		}
		return part
	}
	require.InDelta(t, 1, crossings(0), 1e-9, "age crosses 0 at every step")
	require.InDelta(t, 0.5, crossings(4), 0.25, "s1 at about every second one")
}

// Section 1.9: along the strengths, descent ends at the minimizer; ridge shrinks the component along each eigenvector by λ/(λ+ρ), though the weight
// of s3 changes its sign and grows; in the flattest direction 8 % are left. L1 has more zeros with strengths far apart, up to all, but
// s3 is 0 at 0.1 and not at 0.2.
func TestClaimG6PenaltyPaths(t *testing.T) {
	strengths := []float64{0.01, 0.1, 1}
	ridge, l1, err := lecture.FollowPenalties(t.Context(), lecture.PathPenalties{Ridge: strengths, L1: []float64{0.1, 0.2, 0.5, 5, 15, 50}, Steps: 12_000})
	require.NoError(t, err)
	require.Less(t, ridge.Off, 1e-8)
	require.Less(t, l1.Off, 1e-8)
	_, descent := diabetes(t)
	plain := mat.NewVecDense(10, descent.Optimum)
	for k, rho := range strengths {
		for i, lambda := range descent.Lambda {
			direction := descent.Vectors.ColView(i)
			require.InDelta(t, lambda/(lambda+rho)*mat.Dot(direction, plain), mat.Dot(direction, mat.NewVecDense(10, ridge.Measured[k])), 1e-8)
		}
	}
	require.Positive(t, descent.Optimum[6])
	require.Less(t, ridge.Measured[1][6], -descent.Optimum[6], "s3 has grown, with the other sign")
	zeros := figure.Column(l1.Measured, func(theta []float64) int { return lecture.Zeros(theta) })
	require.IsIncreasing(t, zeros[1:])
	require.Equal(t, 10.0, zeros[5])
	require.Zero(t, l1.Exact[0][6])
	require.Less(t, l1.Exact[1][6], -1.0, "s3 is back")
	fit, _ := diabetes(t)
	require.InDelta(t, 0.10, 1-fit.Hessian(nil).At(4, 5), 0.005, "the curvature of s1 against s2 alone")
	require.InDelta(t, 0.08, descent.Lambda[0]/(descent.Lambda[0]+0.1), 0.005)
	flattest := descent.Vectors.ColView(0)
	require.InDelta(t, 0.71, math.Abs(flattest.AtVec(4)), 0.005, "s1")
	require.InDelta(t, -0.56, flattest.AtVec(5)*math.Copysign(1, flattest.AtVec(4)), 0.005, "against s2")
}
