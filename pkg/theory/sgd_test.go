package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/schedule"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"github.com/gomlx/compute/dtypes"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// data are examples of a regression that does not fit.
type data struct {
	x *mat.Dense
	y []float64
}

func regression(seed uint64, n, d int) data {
	rng := rand.New(rand.NewPCG(seed, 0))
	x, y := random(rng, n, d), make([]float64, n)
	for i := range y {
		y[i] = 1 + mat.Sum(x.RowView(i)) + rng.NormFloat64()
	}
	return data{x, y}
}

func (r data) sgd(t *testing.T, b int, sampling theory.Sampling) *theory.SGD {
	t.Helper()
	s, err := theory.LeastSquaresSGD(r.x, r.y, b, sampling)
	require.NoError(t, err)
	return s
}

// step is θ after a step on a batch, by hand.
func (r data) step(eta float64, theta []float64, batch []int) []float64 {
	next := append([]float64{}, theta...)
	for _, i := range batch {
		residual := floats.Dot(r.x.RawRowView(i), theta) - r.y[i]
		floats.AddScaled(next, -eta*residual/float64(len(batch)), r.x.RawRowView(i))
	}
	return next
}

func (r data) loss(theta []float64) float64 {
	sum := 0.0
	for i, y := range r.y {
		residual := floats.Dot(r.x.RawRowView(i), theta) - y
		sum += residual * residual / (2 * float64(len(r.y)))
	}
	return sum
}

// tally is what is known of random vectors: weighted by how likely they are.
type tally struct {
	mean   []float64
	second *mat.SymDense
	loss   float64
}

func newTally(d int) *tally { return &tally{mean: make([]float64, d), second: mat.NewSymDense(d, nil)} }

func (a *tally) add(weight float64, v []float64, loss float64) {
	floats.AddScaled(a.mean, weight, v)
	a.second.SymRankOne(a.second, weight, mat.NewVecDense(len(v), v))
	a.loss += weight * loss
}

func (a *tally) covariance() *mat.SymDense {
	var c mat.SymDense
	c.SymRankOne(a.second, -1, mat.NewVecDense(len(a.mean), a.mean))
	return &c
}

func constant(eta float64) func(int) float64 { return func(int) float64 { return eta } }

// Over every sequence of batches that there is: mean, covariance and loss of θ_t, at a rate that changes, from a start
// that is not the optimum; also with fewer examples than features, where θ* is not one point.
func TestMomentsAreTheEnumeration(t *testing.T) {
	for _, c := range []struct {
		n, d, b, steps int
		sampling       theory.Sampling
	}{
		{4, 2, 2, 3, theory.WithReplacement},
		{4, 2, 2, 3, theory.WithoutReplacement},
		{4, 2, 4, 2, theory.WithoutReplacement},
		{3, 1, 1, 5, theory.WithReplacement},
		{3, 3, 2, 4, theory.WithoutReplacement},
		{3, 5, 1, 5, theory.WithReplacement},
	} {
		r := regression(uint64(c.n*c.d), c.n, c.d)
		s := r.sgd(t, c.b, c.sampling)
		all := batches(c.n, c.b, c.sampling)
		eta := func(t int) float64 { return 0.3 / float64(t+1) }
		start := []float64{2, -1, 0.5, 3, 1}[:c.d]

		const from = 1
		iterates, averages := make([]*tally, c.steps+1), make([]*tally, c.steps+1)
		for i := range iterates {
			iterates[i], averages[i] = newTally(c.d), newTally(c.d)
		}
		var walk func(t int, weight float64, theta, sum []float64)
		walk = func(t int, weight float64, theta, sum []float64) {
			iterates[t].add(weight, theta, r.loss(theta))
			if t >= from {
				sum = floats.AddTo(make([]float64, c.d), sum, theta)
				average := floats.ScaleTo(make([]float64, c.d), 1/float64(t-from+1), sum)
				averages[t].add(weight, average, r.loss(average))
			}
			if t == c.steps {
				return
			}
			for _, batch := range all {
				walk(t+1, weight/float64(len(all)), r.step(eta(t), theta, batch), sum)
			}
		}
		walk(0, 1, start, make([]float64, c.d))

		check := func(want *tally, got theory.Moments) {
			require.InDeltaSlice(t, want.mean, got.Mean, 1e-12, "%+v", c)
			require.True(t, mat.EqualApprox(want.covariance(), got.Covariance, 1e-12), "%+v", c)
			require.InDelta(t, want.loss, got.Loss, 1e-12, "%+v", c)
			if c.d <= c.n {
				offset := floats.SubTo(make([]float64, c.d), got.Mean, s.Optimum)
				require.InDelta(t, mat.Trace(got.Covariance)+floats.Dot(offset, offset), got.SquaredDistance, 1e-12)
			}
		}
		seen := 0
		for i, m := range s.Moments(eta, start, c.steps) {
			check(iterates[i], m)
			seen++
		}
		for i, m := range s.AverageMoments(eta, start, from, c.steps) {
			check(averages[i], m)
			seen++
		}
		require.Equal(t, 2*c.steps+1, seen)
	}
}

// The second-moment operator as a d² by d² matrix, E[(I−ηĤ)⊗(I−ηĤ)] over all batches: its spectral radius, from its
// complex eigenvalues, and where that is 1, by bisection.
func TestThresholdIsTheEnumerations(t *testing.T) {
	for seed := range uint64(5) {
		for _, sampling := range samplings {
			for b := 1; b <= 3; b++ {
				r := regression(10+seed, 4, 2)
				s := r.sgd(t, b, sampling)
				all := batches(4, b, sampling)
				radius := func(eta float64) float64 {
					operator := mat.NewDense(4, 4, nil)
					for _, batch := range all {
						one := mat.NewDense(2, 2, []float64{1, 0, 0, 1})
						for _, i := range batch {
							one.RankOne(one, -eta/float64(b), r.x.RowView(i), r.x.RowView(i))
						}
						var square mat.Dense
						square.Kronecker(one, one)
						square.Scale(1/float64(len(all)), &square)
						operator.Add(operator, &square)
					}
					var e mat.Eigen
					require.True(t, e.Factorize(operator, mat.EigenNone))
					largest := 0.0
					for _, z := range e.Values(nil) {
						largest = max(largest, math.Hypot(real(z), imag(z)))
					}
					return largest
				}
				for _, relative := range []float64{0.01, 0.3, 0.9, 1.1, 3} {
					got, err := s.SpectralRadius(relative * s.Threshold)
					require.NoError(t, err)
					require.InDelta(t, radius(relative*s.Threshold), got, 1e-12*(1+got))
					require.Equal(t, relative < 1, got < 1)
				}
				diverges := func(eta float64) (bool, error) { return radius(eta) > 1, nil }
				threshold, err := stat.BisectThreshold(diverges, 0.01*s.Threshold, 10*s.Threshold, 1e-12)
				require.NoError(t, err)
				require.InEpsilon(t, threshold, s.Threshold, 1e-11)
			}
		}
	}
}

// Claim S8: noise lowers the threshold, never below what one example at a time allows, and less so the larger the
// batch; the full batch has gradient descent's. Mulayoff and Michaeli, proposition 2 and theorem 3: it is the same as
// that of taking the full batch with the probability 1 − p and one example with p = (n−b)/(b(n−1)).
func TestThresholdGrowsWithTheBatch(t *testing.T) {
	for seed := range uint64(20) {
		r := regression(seed, 12, 3)
		before := 0.0
		for b := 1; b <= 12; b++ {
			without, with := r.sgd(t, b, theory.WithoutReplacement), r.sgd(t, b, theory.WithReplacement)
			descent := theory.StabilityThreshold(without.Lambda[2])
			require.Greater(t, without.Threshold, before*(1-1e-14))
			require.LessOrEqual(t, with.Threshold, without.Threshold*(1+1e-14))
			require.LessOrEqual(t, without.Threshold, descent*(1+1e-14))
			before = without.Threshold
			if b == 12 {
				require.InEpsilon(t, descent, without.Threshold, 1e-12)
				require.Less(t, with.Threshold, descent)
			}
		}
		// One step of the mixture, from M = I: the trace of what a step of either makes of it.
		p, err := theory.VarianceFactor(12, 5, theory.WithoutReplacement)
		require.NoError(t, err)
		trace := func(b int) float64 {
			zero := data{r.x, make([]float64, 12)}.sgd(t, b, theory.WithoutReplacement)
			sum := 0.0
			for i := range 3 {
				axis := make([]float64, 3)
				axis[i] = 1
				for step, m := range zero.Moments(constant(0.1), axis, 1) {
					sum += float64(step) * m.SquaredDistance
				}
			}
			return sum
		}
		require.InDelta(t, (1-p)*trace(12)+p*trace(1), trace(5), 1e-12)
	}
}

// By hand, in one dimension: the features 1 and 2 and the targets 1 and −3 have the optimum −1, the residuals 2 and −1,
// and so H = 2½, E[x⁴] = 8½, E[r²x²] = 4. With one example a step e² goes on average to (1 − 5η + 8½η²) e² + 4η².
func TestOneDimensionByHand(t *testing.T) {
	r := data{mat.NewDense(2, 1, []float64{1, 2}), []float64{1, -3}}
	s := r.sgd(t, 1, theory.WithReplacement)
	got := []float64{s.Lambda[0], s.Optimum[0], s.Floor, s.Threshold}
	require.InDeltaSlice(t, []float64{2.5, -1, 1.25, 5 / 8.5}, got, 1e-15)
	require.InDelta(t, 4, s.Noise().At(0, 0), 1e-14)
	radius, err := s.SpectralRadius(0.2)
	require.NoError(t, err)
	require.InDelta(t, 0.34, radius, 1e-15)
	c, err := s.Stationary(0.2)
	require.NoError(t, err)
	require.InDelta(t, 0.16/0.66, c.At(0, 0), 1e-15)
	require.InDelta(t, 0.2*4/(2*2.5), s.SmallRate(0.2).At(0, 0), 1e-15)
	require.InDelta(t, 1.25*0.16/0.66, s.ExcessLoss(c), 1e-15)
	require.InDelta(t, 4/2.5/2.5/100, s.PolyakRuppert(100).At(0, 0), 1e-15)
}

// Claim S7: a step leaves the stationary covariance as it is, to rounding, for real data in ten dimensions: the step is
// taken example by example, and the equation for small rates is checked as it stands.
func TestStationary(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	r := examples(diabetes)
	n, d := r.x.Dims()
	const b = 8
	s := r.sgd(t, b, theory.WithReplacement)
	optimum, err := diabetes.Optimum()
	require.NoError(t, err)
	require.InDeltaSlice(t, optimum, s.Optimum, 1e-9)
	require.InEpsilon(t, diabetes.Value(optimum), s.Floor, 1e-12)
	h := diabetes.Hessian(optimum)

	var noise mat.SymDense
	noise.ReuseAsSym(d)
	for i := range n {
		residual := floats.Dot(r.x.RawRowView(i), optimum) - r.y[i]
		noise.SymRankOne(&noise, residual*residual/float64(n*b), r.x.RowView(i))
	}
	require.True(t, mat.EqualApprox(&noise, s.Noise(), 1e-10*mat.Norm(&noise, 2)))

	for _, relative := range []float64{0.01, 0.5, 0.99} {
		eta := relative * s.Threshold
		c, err := s.Stationary(eta)
		require.NoError(t, err)
		// E[(I − ηĤ)C(I − ηĤ)] + η² noise, with E[ĤCĤ] = (1 − 1/b) HCH + 1/b mean of xxᵀCxxᵀ.
		var hc, hch, next mat.Dense
		hc.Mul(h, c)
		hch.Mul(&hc, h)
		hch.Scale(1-1.0/b, &hch)
		for i := range n {
			x := r.x.RowView(i)
			hch.RankOne(&hch, mat.Inner(x, c, x)/float64(n*b), x, x)
		}
		next.Add(&hch, &noise)
		next.Scale(eta*eta, &next)
		next.Add(&next, c)
		hc.Scale(eta, &hc)
		next.Sub(&next, &hc)
		next.Sub(&next, hc.T())
		next.Sub(&next, c)
		require.Less(t, mat.Norm(&next, 2), 1e-12*mat.Norm(c, 2), "%v of the threshold", relative)

		small := s.SmallRate(eta)
		var residual, left mat.Dense
		left.Mul(h, small)
		residual.Add(&left, left.T())
		left.Scale(eta, &noise)
		residual.Sub(&residual, &left)
		require.Less(t, mat.Norm(&residual, 2), 1e-12*mat.Norm(&left, 2))

		var product mat.Dense
		product.Mul(h, c)
		require.InEpsilon(t, mat.Trace(&product)/2, s.ExcessLoss(c), 1e-12)
		require.InEpsilon(t, mat.Trace(c), floats.Sum(s.Variances(c)), 1e-12)
	}

	// The small-rate limit is one, with an error that is proportional to η, and falls short.
	for _, relative := range []float64{1e-3, 1e-4} {
		c, err := s.Stationary(relative * s.Threshold)
		require.NoError(t, err)
		ratio := s.ExcessLoss(s.SmallRate(relative*s.Threshold)) / s.ExcessLoss(c)
		require.Less(t, ratio, 1.0)
		require.Greater(t, ratio, 1-2*relative)
	}
	for want, eta := range map[string]float64{
		"eta is 1: it must be below the mean-square threshold": 1,
		"eta is 0: the learning rate must be positive":         0,
		"eta is NaN":  math.NaN(),
		"eta is +Inf": math.Inf(1),
	} {
		_, err := s.Stationary(eta)
		require.ErrorContains(t, err, want)
	}
	for seed := range uint64(50) {
		s := regression(seed, 5, 2).sgd(t, 1, theory.WithReplacement)
		_, err := s.Stationary(s.Threshold)
		require.ErrorContains(t, err, "it must be below the mean-square threshold")
	}
	_, err = s.SpectralRadius(-1)
	require.ErrorContains(t, err, "eta is -1")
}

// examples are those of a problem, as they are in float64.
func examples(p *problem.LeastSquares) data {
	p.DType = dtypes.Float64
	tensors := p.Data()
	n, d := tensors[0].Shape().Dim(0), tensors[0].Shape().Dim(1)
	r := data{mat.NewDense(n, d, nil), make([]float64, n)}
	tensors[0].MustConstFlatData(func(flat any) {
		for i, v := range flat.([]float64) {
			r.x.Set(i/d, i%d, v)
		}
	})
	tensors[1].MustConstFlatData(func(flat any) { copy(r.y, flat.([]float64)) })
	return r
}

// Claims S7 and S8: many runs, drawn at random, at three quarters of the threshold. Mean, covariance and loss of the
// last iterate over the runs are the exact ones, to 4.5 of the standard errors that the runs themselves show.
func TestMomentsAreManyRuns(t *testing.T) {
	r := regression(5, 20, 2)
	for _, sampling := range samplings {
		const b, steps, runs = 3, 40, 8000
		s := r.sgd(t, b, sampling)
		eta, start := 0.75*s.Threshold, []float64{3, -2}
		rng := rand.New(rand.NewPCG(7, uint64(sampling)))
		measured := make([][]float64, 6) // θ₁, θ₂, L, and what is left over of θ₁², θ₁θ₂, θ₂²
		c, err := s.Stationary(eta)
		require.NoError(t, err)
		var last theory.Moments
		for _, last = range s.Moments(constant(eta), start, steps) {
		}
		require.True(t, mat.EqualApprox(c, last.Covariance, 0.05*mat.Norm(c, 2)), "the runs are long enough")
		for range runs {
			theta := start
			for range steps {
				batch := make([]int, b)
				if sampling == theory.WithReplacement {
					for k := range batch {
						batch[k] = rng.IntN(20)
					}
				} else {
					copy(batch, rng.Perm(20))
				}
				theta = r.step(eta, theta, batch)
			}
			u, v := theta[0]-last.Mean[0], theta[1]-last.Mean[1]
			for k, x := range []float64{theta[0], theta[1], r.loss(theta), u * u, u * v, v * v} {
				measured[k] = append(measured[k], x)
			}
		}
		cov := last.Covariance
		for k, want := range []float64{last.Mean[0], last.Mean[1], last.Loss, cov.At(0, 0), cov.At(0, 1), cov.At(1, 1)} {
			requireMean(t, want, measured[k])
		}
	}
}

// requireMean holds the mean of independent values against what it should be: 4.5 standard errors, a false alarm in
// 10⁵.
func requireMean(t *testing.T, want float64, xs []float64) {
	t.Helper()
	n := float64(len(xs))
	mean, variance := floats.Sum(xs)/n, 0.0
	for _, x := range xs {
		variance += (x - mean) * (x - mean) / (n - 1)
	}
	require.InDelta(t, want, mean, 4.5*math.Sqrt(variance/n))
}

// Claim S8: between the thresholds the mean arrives, as gradient descent does, and the distance grows without end.
func TestStableForDescentOnly(t *testing.T) {
	r := regression(5, 20, 2)
	s := r.sgd(t, 1, theory.WithReplacement)
	eta := (s.Threshold + theory.StabilityThreshold(s.Lambda[1])) / 2
	var last theory.Moments
	for _, last = range s.Moments(constant(eta), []float64{3, -2}, 300) {
	}
	require.InDeltaSlice(t, s.Optimum, last.Mean, 1e-6)
	require.Greater(t, last.SquaredDistance, 1e6)
}

// Claim S11: more features than examples. There is no noise at the optimum, and at a constant rate the loss goes to 0
// by the factor SpectralRadius a step; with more examples than features it stays above the floor.
func TestInterpolation(t *testing.T) {
	over := regression(3, 4, 7)
	s := over.sgd(t, 1, theory.WithReplacement)
	require.Len(t, s.Lambda, 4)
	require.Less(t, s.Floor, 1e-28)
	eta := s.Threshold / 2
	var loss []float64
	for _, m := range s.Moments(constant(eta), make([]float64, 7), 400) {
		loss = append(loss, m.Loss)
	}
	radius, err := s.SpectralRadius(eta)
	require.NoError(t, err)
	require.InEpsilon(t, radius, math.Pow(loss[400]/loss[300], 0.01), 1e-4)
	require.Less(t, loss[400], 1e-3*loss[0])
	c, err := s.Stationary(eta)
	require.NoError(t, err)
	require.Less(t, s.ExcessLoss(c), 1e-25)

	under := regression(3, 8, 2).sgd(t, 1, theory.WithReplacement)
	c, err = under.Stationary(under.Threshold / 2)
	require.NoError(t, err)
	require.Greater(t, under.ExcessLoss(c), 0.1*under.Floor)

	// A feature that is a mixture of two others: one direction is flat, its singular value nothing but rounding.
	mixed := mat.NewDense(4, 3, nil)
	for i := range 4 {
		x, y := over.x.At(i, 0), over.x.At(i, 1)
		mixed.SetRow(i, []float64{x, y, 0.1*x + 0.7*y})
	}
	require.Len(t, data{mixed, over.y}.sgd(t, 1, theory.WithReplacement).Lambda, 2)
}

// Claim S13: the floors with and without replacement are as (n−1) to (n−b) for small rates.
func TestReplacementMattersForSmallData(t *testing.T) {
	for _, n := range []int{20, 200} {
		r := regression(8, n, 2)
		with, without := r.sgd(t, 10, theory.WithReplacement), r.sgd(t, 10, theory.WithoutReplacement)
		eta := 1e-6 * with.Threshold
		a, err := with.Stationary(eta)
		require.NoError(t, err)
		b, err := without.Stationary(eta)
		require.NoError(t, err)
		require.InEpsilon(t, float64(n-1)/float64(n-10), with.ExcessLoss(a)/without.ExcessLoss(b), 1e-5)
	}
}

// additive is a quadratic with curvatures 1 and 4, turned, and noise that is not along its directions.
func additive(t *testing.T) *theory.SGD {
	t.Helper()
	bowl := valley(t)
	s, err := theory.AdditiveSGD(bowl.Hessian(nil), mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1}), []float64{1, 2})
	require.NoError(t, err)
	return s
}

// Along each direction ησ²/(λ(2−ηλ)), and between two ησ₁₂/(λ₁+λ₂−ηλ₁λ₂); the threshold is gradient descent's.
func TestAdditiveInClosedForm(t *testing.T) {
	s := additive(t)
	require.InDelta(t, 0.5, s.Threshold, 1e-14)
	require.True(t, mat.EqualApprox(s.Noise(), mat.NewSymDense(2, []float64{2, 0.5, 0.5, 1}), 1e-14))
	var mixed mat.Dense
	mixed.Product(s.Vectors.T(), s.Noise(), s.Vectors)
	for _, eta := range []float64{0.01, 0.3, 0.49} {
		c, err := s.Stationary(eta)
		require.NoError(t, err)
		var along mat.Dense
		along.Product(s.Vectors.T(), c, s.Vectors)
		for i, x := range s.Lambda {
			for j, y := range s.Lambda {
				want := eta * mixed.At(i, j) / (x + y - eta*x*y)
				require.InDelta(t, want, along.At(i, j), 1e-13)
			}
			require.InDelta(t, eta*mixed.At(i, i)/(x*(2-eta*x)), s.Variances(c)[i], 1e-13)
		}
		var last theory.Moments
		for _, last = range s.Moments(constant(eta), []float64{5, 5}, 3000) {
		}
		require.True(t, mat.EqualApprox(c, last.Covariance, 1e-12))
	}
	// Curvatures 14 orders apart, as a feature in other units makes them, cost no accuracy.
	one := mat.NewDiagDense(2, []float64{1, 1})
	apart, err := theory.AdditiveSGD(mat.NewDiagDense(2, []float64{1e-14, 1}), one, []float64{0, 0})
	require.NoError(t, err)
	c, err := apart.Stationary(0.5)
	require.NoError(t, err)
	require.InEpsilon(t, 0.5/2e-14, c.At(0, 0), 1e-12)
	require.InEpsilon(t, 0.5/1.5, c.At(1, 1), 1e-12)

	// One step from θ₀: (I − ηH) of the offset, η² of the noise.
	for step, m := range s.Moments(constant(0.1), []float64{1, 3}, 1) {
		want := mat.NewSymDense(2, nil)
		want.ScaleSym(0.01*float64(step), s.Noise())
		require.True(t, mat.EqualApprox(want, m.Covariance, 1e-14))
	}
}

// Claim S9: Polyak and Ruppert's average is as good in the end as H⁻¹E[ξξᵀ]H⁻¹/t says, at a constant rate with additive
// noise and at a falling one for least squares. What is left of the start falls faster: as 1/t² at a constant rate. At
// a falling one the approach is slow, and twice as far must be nearer.
func TestPolyakRuppert(t *testing.T) {
	s := additive(t)
	for i, m := range s.AverageMoments(constant(0.2), s.Optimum, 0, 5000) {
		if i == 5000 {
			require.InEpsilon(t, mat.Trace(s.PolyakRuppert(5001)), m.SquaredDistance, 2e-3)
			require.True(t, mat.EqualApprox(s.PolyakRuppert(5001), m.Covariance, 2e-3*mat.Norm(m.Covariance, 2)))
		}
	}
	var inverse, sandwich mat.Dense
	require.NoError(t, inverse.Inverse(valley(t).Hessian(nil)))
	sandwich.Product(&inverse, s.Noise(), &inverse)
	require.True(t, mat.EqualApprox(&sandwich, s.PolyakRuppert(1), 1e-13))

	r := regression(5, 20, 2).sgd(t, 2, theory.WithReplacement)
	falling, err := schedule.InverseTime(r.Threshold/2, 10, 0.6)
	require.NoError(t, err)
	distance := map[int]float64{}
	for i, m := range r.AverageMoments(falling.At, r.Optimum, 0, 16000) {
		distance[i] = m.SquaredDistance / mat.Trace(r.PolyakRuppert(i+1))
	}
	require.InDelta(t, 1, distance[16000], 0.05)
	require.Less(t, math.Abs(distance[16000]-1), math.Abs(distance[2000]-1))
}

func TestSGDRefuses(t *testing.T) {
	good, zero := mat.NewDense(2, 1, []float64{1, 2}), mat.NewDense(2, 1, nil)
	infinite := mat.NewDense(2, 1, []float64{1, math.Inf(1)})
	for want, c := range map[string]struct {
		x *mat.Dense
		y []float64
		b int
	}{
		"features is empty": {nil, nil, 1},
		"features[1, 0] is +Inf: it must be a finite number":                    {infinite, []float64{1, 2}, 1},
		"targets has 1 elements and features 2 rows: they must be as many":      {good, []float64{1}, 1},
		"targets[1] is NaN: it must be a finite number":                         {good, []float64{1, math.NaN()}, 1},
		"b is 3: without replacement a batch must have between 1 and the 2 exa": {good, []float64{1, 2}, 3},
		"features are all 0: the loss does not depend on θ":                     {zero, []float64{1, 2}, 1},
	} {
		_, err := theory.LeastSquaresSGD(c.x, c.y, c.b, theory.WithoutReplacement)
		require.ErrorContains(t, err, want)
	}
	one := mat.NewSymDense(1, []float64{1})
	for want, c := range map[string]struct {
		h, noise *mat.SymDense
		optimum  []float64
	}{
		"hessian has the size 1, noise 1 and optimum 2": {one, one, []float64{1, 2}},
		"optimum 0: they must be of one size":           {one, one, nil},
		"optimum is not finite":                         {one, one, []float64{math.NaN()}},
		"hessian is not finite":                         {mat.NewSymDense(1, []float64{math.NaN()}), one, []float64{0}},
		"hessian has the eigenvalue 0":                  {mat.NewSymDense(1, []float64{0}), one, []float64{0}},
		"noise has the eigenvalue -1":                   {one, mat.NewSymDense(1, []float64{-1}), []float64{0}},
		"noise is not finite":                           {one, mat.NewSymDense(1, []float64{math.Inf(1)}), []float64{0}},
	} {
		_, err := theory.AdditiveSGD(c.h, c.noise, c.optimum)
		require.ErrorContains(t, err, want)
	}
	s := additive(t)
	short := func() { s.Components([]float64{1}) }
	require.PanicsWithValue(t, "theta has 1 elements: it must have 2, one for each parameter", short)
	require.Panics(t, func() {
		for range s.Moments(constant(0.1), []float64{1}, 1) {
		}
	})
}
