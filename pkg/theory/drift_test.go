package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/pkg/schedule"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// line is one direction of curvature λ with additive noise σ².
func line(t *testing.T, lambda, noise float64) *theory.SGD {
	t.Helper()
	one := func(x float64) *mat.SymDense { return mat.NewSymDense(1, []float64{x}) }
	s, err := theory.AdditiveSGD(one(lambda), one(noise), []float64{7})
	require.NoError(t, err)
	return s
}

func drift1(velocity, walk float64) theory.Drift {
	return theory.Drift{Velocity: []float64{velocity}, Walk: mat.NewSymDense(1, []float64{walk})}
}

// Claim S14, by hand: (v/(ηλ))² + (η²σ² + q)/(ηλ(2−ηλ)), and the lag −v/(ηλ).
func TestTrackingInClosedForm(t *testing.T) {
	for _, c := range []struct{ lambda, noise, velocity, walk, eta float64 }{
		{1, 1, 0, 0, 0.1}, {2, 0.5, 0.3, 0, 0.7}, {2, 0.5, 0, 0.3, 0.7}, {0.5, 3, -1, 2, 3.9}, {4, 0, 1, 1, 0.01},
	} {
		s := line(t, c.lambda, c.noise)
		got, err := s.Tracking(c.eta, drift1(c.velocity, c.walk))
		require.NoError(t, err)
		x := c.eta * c.lambda
		variance := (c.eta*c.eta*c.noise + c.walk) / (x * (2 - x))
		require.InDelta(t, -c.velocity/x, got.Lag[0], 1e-12)
		require.InDelta(t, variance, got.Covariance.At(0, 0), 1e-10*(1+variance))
		want := variance + c.velocity*c.velocity/(x*x)
		require.InEpsilon(t, want, got.SquaredDistance, 1e-12)
		require.InEpsilon(t, c.lambda/2*want, got.Loss, 1e-12)
	}
}

// The best rate, in closed form for a walk, 2q/(qλ + √(q²λ² + 4σ²q)), and as the root of η³λσ² = v²(2−ηλ)² for a
// velocity; 1/λ where there is a walk and no noise. For least squares in three dimensions no rate of a grid is better.
func TestBestTrackingRate(t *testing.T) {
	for _, c := range []struct{ lambda, noise, walk float64 }{
		{1, 1, 1}, {3, 0.1, 2}, {0.2, 5, 1e-3}, {1, 1, 1e-12}, {2, 0, 1},
	} {
		got, err := line(t, c.lambda, c.noise).BestTrackingRate(drift1(0, c.walk))
		require.NoError(t, err)
		ql := c.walk * c.lambda
		require.InEpsilon(t, 2*c.walk/(ql+math.Sqrt(ql*ql+4*c.noise*c.walk)), got, 1e-6)
	}
	for _, c := range []struct{ lambda, noise, velocity float64 }{{1, 1, 1}, {3, 0.1, -0.2}, {1, 1, 1e-4}} {
		got, err := line(t, c.lambda, c.noise).BestTrackingRate(drift1(c.velocity, 0))
		require.NoError(t, err)
		rest := c.velocity * (2 - got*c.lambda)
		require.InEpsilon(t, rest*rest, got*got*got*c.lambda*c.noise, 1e-5)
	}
	s := regression(4, 30, 3).sgd(t, 2, theory.WithReplacement)
	drift := theory.Drift{Velocity: []float64{0.01, 0, -0.01}, Walk: mat.NewDiagDense(3, []float64{1e-4, 0, 1e-3})}
	best, err := s.BestTrackingRate(drift)
	require.NoError(t, err)
	least, err := s.Tracking(best, drift)
	require.NoError(t, err)
	for i := 1; i < 1000; i++ {
		other, err := s.Tracking(s.Threshold*float64(i)/1000, drift)
		require.NoError(t, err)
		require.GreaterOrEqual(t, other.SquaredDistance, least.SquaredDistance)
	}
}

// Over every batch, and a walk that goes either way: the moments of θ_t − θ*_t, step by step. The optimum moves after θ
// has.
func TestTrackingMomentsAreTheEnumeration(t *testing.T) {
	r := regression(9, 3, 2)
	s := r.sgd(t, 2, theory.WithoutReplacement)
	velocity, jump := []float64{0.3, -0.2}, []float64{0.5, 0.4}
	walk := mat.NewSymDense(2, nil)
	walk.SymOuterK(1, mat.NewVecDense(2, jump))
	eta := func(t int) float64 { return 0.4 / float64(t+1) }
	start := []float64{2, -1}
	const steps = 3
	all := batches(3, 2, theory.WithoutReplacement)
	tallies := make([]*tally, steps+1)
	for i := range tallies {
		tallies[i] = newTally(2)
	}
	var visit func(t int, weight float64, theta, moved []float64)
	visit = func(t int, weight float64, theta, moved []float64) {
		now := data{r.x, append([]float64{}, r.y...)}
		for i := range now.y {
			now.y[i] += floats.Dot(r.x.RawRowView(i), moved)
		}
		e := floats.SubTo(make([]float64, 2), theta, s.Optimum)
		floats.Sub(e, moved)
		tallies[t].add(weight, e, now.loss(theta))
		if t == steps {
			return
		}
		for _, batch := range all {
			next := now.step(eta(t), theta, batch)
			for _, sign := range []float64{-1, 1} {
				to := floats.AddTo(make([]float64, 2), moved, velocity)
				floats.AddScaled(to, sign, jump)
				visit(t+1, weight/float64(2*len(all)), next, to)
			}
		}
	}
	visit(0, 1, start, []float64{0, 0})
	drift := theory.Drift{Velocity: velocity, Walk: walk}
	for i, got := range s.TrackingMoments(eta, start, drift, steps) {
		require.InDeltaSlice(t, tallies[i].mean, got.Lag, 1e-12)
		require.True(t, mat.EqualApprox(tallies[i].covariance(), got.Covariance, 1e-12), "step %d", i)
		require.InDelta(t, tallies[i].loss, got.Loss, 1e-12)
		require.InDelta(t, mat.Trace(tallies[i].second), got.SquaredDistance, 1e-12)
	}

	// In the long run they are Tracking's, also where features are dependent.
	for _, c := range []data{r, regression(9, 4, 6)} {
		_, d := c.x.Dims()
		s := c.sgd(t, 1, theory.WithReplacement)
		walk := mat.NewDiagDense(d, []float64{1, 2, 3, 4, 5, 6}[:d])
		drift := theory.Drift{Velocity: []float64{1, 2, 0, 0, 0, -1}[:d], Walk: walk}
		rate := s.Threshold / 3
		want, err := s.Tracking(rate, drift)
		require.NoError(t, err)
		var last *theory.Tracking
		for _, last = range s.TrackingMoments(constant(rate), make([]float64, d), drift, 5000) {
		}
		require.InDeltaSlice(t, want.Lag, last.Lag, 1e-9*want.SquaredDistance)
		require.True(t, mat.EqualApprox(want.Covariance, last.Covariance, 1e-9*want.SquaredDistance))
		require.InEpsilon(t, want.SquaredDistance, last.SquaredDistance, 1e-9)
		require.InEpsilon(t, want.Loss, last.Loss, 1e-9)
	}
}

// Claim S14: on a walk a rate that falls as 1/t loses the optimum, a constant one does not; 300 runs of 2,000 steps
// each agree with the theory to 4.5 of their standard errors.
func TestFallingRateLosesTheOptimum(t *testing.T) {
	s := line(t, 1, 1)
	drift := drift1(0, 0.01)
	falling, err := schedule.InverseTime(1, 1, 1)
	require.NoError(t, err)
	best, err := s.BestTrackingRate(drift)
	require.NoError(t, err)
	const steps = 2000
	at := map[string]float64{}
	for name, eta := range map[string]func(int) float64{"falling": falling.At, "best": constant(best)} {
		for _, e := range s.TrackingMoments(eta, []float64{9}, drift, steps) {
			at[name] = e.SquaredDistance
		}
		rng := rand.New(rand.NewPCG(3, 3))
		var squares []float64
		for range 300 {
			e := 2.0
			for i := range steps {
				e -= eta(i)*(e+rng.NormFloat64()) + 0.1*rng.NormFloat64()
			}
			squares = append(squares, e*e)
		}
		requireMean(t, at[name], squares)
	}
	require.Less(t, 10*at["best"], at["falling"])
}

func TestDriftRefuses(t *testing.T) {
	s := line(t, 1, 1)
	_, err := s.BestTrackingRate(theory.Drift{})
	require.ErrorContains(t, err, "drift is none")
	_, err = line(t, 1, 0).BestTrackingRate(drift1(1, 0))
	require.ErrorContains(t, err, "the distance falls up to the threshold 2")
	for want, drift := range map[string]theory.Drift{
		"drift.Velocity has 2 elements: it must have 1": {Velocity: []float64{1, 2}},
		"drift.Velocity is not finite":                  {Velocity: []float64{math.NaN()}},
		"drift.Walk has the size 2: it must have 1":     {Walk: mat.NewSymDense(2, nil)},
		"drift.Walk has the eigenvalue -1":              drift1(0, -1),
		"drift.Walk is not finite":                      drift1(0, math.Inf(1)),
	} {
		_, err := s.Tracking(0.1, drift)
		require.ErrorContains(t, err, want)
		_, err = s.BestTrackingRate(drift)
		require.ErrorContains(t, err, want)
		require.Panics(t, func() { s.TrackingMoments(constant(0.1), []float64{0}, drift, 1) })
	}
	_, err = s.Tracking(0, drift1(1, 1))
	require.ErrorContains(t, err, "eta is 0")
	_, err = s.Tracking(2, drift1(1, 1))
	require.ErrorContains(t, err, "eta is 2: it must be below the mean-square threshold 2")
}
