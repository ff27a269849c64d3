package theory

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/pkg/memory"
)

// SGD is stochastic gradient descent on a quadratic loss, solved: not one run of it but the mean and the covariance of
// θ_t over all runs, exactly, at any rate and not in the limit of small ones. LeastSquaresSGD and AdditiveSGD make one.
//
// A step from e = θ − θ* is e ← (I − ηĤ)e + ηξ, with Ĥ the batch's Hessian and −ξ its gradient at θ*: their means are H
// and 0. So the mean m and the second moment M of e go by
//
//	m ← (I − ηH) m
//	M ← M − η (HM + MH) + η² (E[ĤMĤ] − E[Ĥmξᵀ + ξmᵀĤ] + E[ξξᵀ])
//
// These are linear. In the eigenbasis of H, with a symmetric M written as the vector of its r(r+1)/2 elements (those
// off the diagonal times √2, which keeps the scalar product), M ↦ HM + MH is a diagonal matrix A, M ↦ E[ĤMĤ] a
// symmetric matrix B, and M ↦ I − ηA + η²B has its eigenvalue of largest absolute value at the upper end. From there:
//
//	stable in mean square   η < 1/λ_max(A^(−½) B A^(−½))
//	stationary covariance   (A − ηB) C = η E[ξξᵀ]
//
// A step costs about r⁴/4 multiplications and making an SGD r⁶: it is for r up to some 20 curvatures.
//
// Sources: lecture section 1 (claims S7 to S11, S13); R. Mulayoff and T. Michaeli (2024), "Exact Mean Square Linear
// Stability Analysis for SGD", COLT, theorem 1; S. Mandt, M. Hoffman and D. Blei (2017), "Stochastic Gradient Descent
// as Approximate Bayesian Inference", JMLR 18, for the limit of small rates.
type SGD struct {
	// Lambda are the positive curvatures, the non-zero eigenvalues of H, ascending, [r].
	Lambda []float64
	// Vectors are their directions, in columns, [d, r]. Where r < d the loss is flat along the others, and SGD does not
	// move there.
	Vectors *mat.Dense
	// Optimum is θ*, [d]; where there are many, the one of least norm.
	Optimum []float64
	// Floor is L(θ*), the least loss.
	Floor float64
	// Threshold is the rate below which the covariance stays bounded and at which it no longer does. It is never above
	// 2/λ_max, below which the mean converges (claim S8).
	Threshold float64

	a     []float64     // A's diagonal, [s], s = r(r+1)/2
	b     *mat.SymDense // B, [s, s]
	cross *mat.Dense    // m ↦ E[Ĥmξᵀ + ξmᵀĤ], [s, r]
	noise []float64     // E[ξξᵀ], [s]
}

// LeastSquaresSGD solves SGD on L(θ) = 1/(2n) Σᵢ (xᵢᵀθ − yᵢ)², with features x [n, d], targets y [n] and batches of b
// examples, each drawn anew. The noise depends on θ: there is none at all at an optimum that fits every example (claim
// S11). The features may be more than the examples, or linearly dependent.
//
// It is an error when there are no examples or no features, when the lengths differ, when a value is not finite, when
// every feature is 0, or when b does not fit (see VarianceFactor).
func LeastSquaresSGD(features *mat.Dense, targets []float64, b int, sampling Sampling) (*SGD, error) {
	if err := checkMatrix("features", features); err != nil {
		return nil, err
	}
	n, d := features.Dims()
	if len(targets) != n {
		return nil, fmt.Errorf("targets has %d elements and features %d rows: they must be as many", len(targets), n)
	}
	for i, y := range targets {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return nil, fmt.Errorf("targets[%d] is %v: it must be a finite number", i, y)
		}
	}
	factor, err := VarianceFactor(n, b, sampling)
	if err != nil {
		return nil, err
	}
	var svd mat.SVD
	if !svd.Factorize(features, mat.SVDThin) {
		return nil, errors.New("the singular values of features could not be computed")
	}
	// The customary cut: below it a singular value cannot be told from zero in float64.
	r := svd.Rank(float64(max(n, d)) * DoublePrecision)
	if r == 0 {
		return nil, errors.New("features are all 0: the loss does not depend on θ")
	}
	var optimum mat.VecDense
	svd.SolveVecTo(&optimum, mat.NewVecDense(n, targets), r)
	var v mat.Dense
	svd.VTo(&v)
	s := &SGD{Optimum: optimum.RawVector().Data, Vectors: mat.NewDense(d, r, nil)}
	singular := svd.Values(nil)
	for i := range r { // From descending to ascending.
		s.Lambda = append(s.Lambda, singular[r-1-i]*singular[r-1-i]/float64(n))
		s.Vectors.SetCol(i, mat.Col(nil, r-1-i, &v))
	}
	var residual mat.VecDense
	residual.MulVec(features, &optimum)
	residual.SubVec(mat.NewVecDense(n, targets), &residual)
	s.Floor = mat.Dot(&residual, &residual) / (2 * float64(n))

	if err := checkCurvatures(r); err != nil {
		return nil, err
	}
	// A mean over a batch of aᵢ times one of bᵢ is, on average, āb̄ + factor·(mean of aᵢbᵢ − āb̄).
	var z mat.Dense
	z.Mul(features, s.Vectors)
	s.additive()
	for i := range s.a {
		s.b.SetSym(i, i, (1-factor)*s.b.At(i, i))
	}
	s.cross = mat.NewDense(len(s.a), r, nil)
	weight := factor / float64(n)
	outer := mat.NewVecDense(len(s.a), nil)
	for i := range n {
		e := residual.AtVec(i)
		outerInto(outer.RawVector().Data, z.RawRowView(i))
		s.b.SymRankOne(s.b, weight, outer)
		s.cross.RankOne(s.cross, 2*weight*e, outer, z.RowView(i))
		floats.AddScaled(s.noise, weight*e*e, outer.RawVector().Data)
	}
	return s, s.solve()
}

// AdditiveSGD solves SGD on L(θ) = ½ (θ−θ*)ᵀ H (θ−θ*) with a gradient that has noise of the same covariance everywhere:
// Hessian H and noise [d, d], θ* [d]. The noise is that of one step: for a batch, take Batch of GradientNoise. Along an
// eigen-direction of curvature λ and noise σ² this is an AR(1) process, of variance ησ²/(λ(2−ηλ)) in the end.
//
// It is an error when H is not positive definite, when the noise has a negative eigenvalue, when something is not
// finite, or when the sizes differ.
func AdditiveSGD(hessian, noise mat.Symmetric, optimum []float64) (*SGD, error) {
	d := len(optimum)
	if d == 0 || sizeOf(hessian) != d || sizeOf(noise) != d {
		return nil, fmt.Errorf("hessian has the size %d, noise %d and optimum %d: they must be of one size, at least 1",
			sizeOf(hessian), sizeOf(noise), d)
	}
	if err := checkCurvatures(d); err != nil {
		return nil, err
	}
	if norm := floats.Norm(optimum, 1); math.IsNaN(norm) || math.IsInf(norm, 0) {
		return nil, errors.New("optimum is not finite")
	}
	lambda, vectors, err := eigen("hessian", hessian)
	if err != nil {
		return nil, err
	}
	if lambda[0] <= float64(d)*DoublePrecision*lambda[d-1] {
		return nil, fmt.Errorf("hessian has the eigenvalue %v: all must be positive, or noise drives θ away", lambda[0])
	}
	if _, _, err := covarianceEigen("noise", noise); err != nil {
		return nil, err
	}
	s := &SGD{Lambda: lambda, Vectors: vectors, Optimum: slices.Clone(optimum)}
	s.additive()
	s.cross = mat.NewDense(len(s.a), d, nil)
	s.noise = vectorOf(s.along(noise))
	return s, s.solve()
}

// checkCurvatures says that the operator on the second moments of r curvatures would not fit into memory.
func checkCurvatures(r int) error {
	s := r * (r + 1) / 2
	return memory.Check(memory.Bytes(32, s, s), "take fewer features", "solving SGD of %d curvatures", r)
}

// additive sets A, and B for Ĥ = H.
func (s *SGD) additive() {
	for i, x := range s.Lambda {
		for _, y := range s.Lambda[:i+1] {
			s.a = append(s.a, x+y)
		}
	}
	s.b = mat.NewSymDense(len(s.a), nil)
	s.noise = make([]float64, len(s.a))
	k := 0
	for i, x := range s.Lambda {
		for _, y := range s.Lambda[:i+1] {
			s.b.SetSym(k, k, x*y)
			k++
		}
	}
}

// solve sets Threshold.
func (s *SGD) solve() error {
	lambda, _, err := eigen("the second-moment operator", s.scaled(1))
	if err != nil {
		return err
	}
	s.Threshold = 1 / lambda[len(lambda)-1]
	return nil
}

// scaled returns factor·A^(−½) B A^(−½).
func (s *SGD) scaled(factor float64) *mat.SymDense {
	m := mat.NewSymDense(len(s.a), nil)
	for i, x := range s.a {
		for j, y := range s.a[:i+1] {
			m.SetSym(i, j, factor*s.b.At(i, j)/math.Sqrt(x*y))
		}
	}
	return m
}

// SpectralRadius returns by what E‖θ_t − θ*‖² is multiplied a step, in the long run, were it not for the noise at the
// optimum: below 1 exactly when 0 < η < Threshold. For least squares that fit every example it is the rate at which the
// loss goes to 0 (claim S11). It is an error when η is not positive and finite, or so large that η² leaves
// float64.
func (s *SGD) SpectralRadius(eta float64) (float64, error) {
	if err := checkRate(eta); err != nil {
		return 0, err
	}
	operator := mat.NewSymDense(len(s.a), nil)
	operator.ScaleSym(eta*eta, s.b)
	for i, a := range s.a {
		operator.SetSym(i, i, 1-eta*a+operator.At(i, i))
	}
	lambda, _, err := eigen("the second-moment operator", operator)
	if err != nil {
		return 0, err
	}
	return lambda[len(lambda)-1], nil
}

// Stationary returns the covariance of θ_t for t → ∞ at a constant rate, [d, d] (claim S7), from the Lyapunov equation
// (A − ηB) C = η E[ξξᵀ]. It is an error when η is not positive or not below Threshold.
func (s *SGD) Stationary(eta float64) (*mat.SymDense, error) {
	c, err := s.lyapunov(eta, floats.ScaleTo(make([]float64, len(s.a)), eta, s.noise))
	if err != nil {
		return nil, err
	}
	return s.back(matrixOf(c)), nil
}

// SmallRate returns the limit of Stationary for small η, HC + CH = η E[ξξᵀ], [d, d]: proportional to η, and too small.
func (s *SGD) SmallRate(eta float64) *mat.SymDense {
	c := slices.Clone(s.noise)
	floats.Div(c, s.a)
	floats.Scale(eta, c)
	return s.back(matrixOf(c))
}

// lyapunov solves (A − ηB) C = q, as (I − ηA^(−½)BA^(−½)) A^½C = A^(−½)q: so it is as well conditioned as η is below
// Threshold, however far apart the curvatures are.
func (s *SGD) lyapunov(eta float64, q []float64) ([]float64, error) {
	if err := checkRate(eta); err != nil {
		return nil, err
	}
	operator := s.scaled(-eta)
	root := make([]float64, len(s.a))
	for i, a := range s.a {
		operator.SetSym(i, i, 1+operator.At(i, i))
		root[i] = math.Sqrt(a)
	}
	var cholesky mat.Cholesky
	if eta >= s.Threshold || !cholesky.Factorize(operator) {
		return nil, fmt.Errorf("eta is %v: it must be below the mean-square threshold %v, or θ goes away", eta, s.Threshold)
	}
	right := mat.NewVecDense(len(q), floats.DivTo(make([]float64, len(q)), q, root))
	var c mat.VecDense
	if err := cholesky.SolveVecTo(&c, right); err != nil {
		return nil, fmt.Errorf("eta is %v: too near the mean-square threshold %v: %w", eta, s.Threshold, err)
	}
	return floats.DivTo(root, c.RawVector().Data, root), nil
}

// ExcessLoss returns ½ tr(HC), by how much E[L(θ)] is above Floor when θ has mean θ* and covariance C [d, d].
// It panics when C has another size.
func (s *SGD) ExcessLoss(covariance mat.Symmetric) float64 { return s.loss(s.along(covariance)) }

// Variances returns qᵢᵀCqᵢ, the variances along the eigen-directions of Lambda, [r], of a covariance C [d, d]. It panics
// when C has another size.
func (s *SGD) Variances(covariance mat.Symmetric) []float64 {
	along := s.along(covariance)
	variances := make([]float64, len(s.Lambda))
	for i := range variances {
		variances[i] = along.At(i, i)
	}
	return variances
}

// Noise returns the covariance of one step's gradient at θ*, E[ξξᵀ], [d, d].
func (s *SGD) Noise() *mat.SymDense { return s.back(matrixOf(s.noise)) }

// PolyakRuppert returns what the covariance of the average of θ_1, …, θ_t goes to for large t when the rate falls more
// slowly than 1/t, whatever the rate: H⁻¹E[ξξᵀ]H⁻¹/t, [d, d] (claim S9). In the long run no other use of t noisy
// gradients does better. It panics when t is below 1.
//
// Source: B. Polyak and A. Juditsky (1992), "Acceleration of Stochastic Approximation by Averaging", theorem 1.
func (s *SGD) PolyakRuppert(t int) *mat.SymDense {
	if t < 1 {
		panic(fmt.Sprintf("t is %d: an average needs at least 1 step", t))
	}
	c := matrixOf(s.noise)
	for i, x := range s.Lambda {
		for j, y := range s.Lambda[:i+1] {
			c.SetSym(i, j, c.At(i, j)/(x*y*float64(t)))
		}
	}
	return s.back(c)
}

// Components returns Qᵀ(θ − θ*), the distance of θ [d] to the optimum along each direction of Vectors, [r].
func (s *SGD) Components(theta []float64) []float64 {
	if len(theta) != len(s.Optimum) {
		panic(fmt.Sprintf("theta has %d elements: it must have %d, one for each parameter", len(theta), len(s.Optimum)))
	}
	offset := floats.SubTo(make([]float64, len(theta)), theta, s.Optimum)
	return s.project(offset)
}

// project returns Qᵀv, [r].
func (s *SGD) project(v []float64) []float64 {
	var components mat.VecDense
	components.MulVec(s.Vectors.T(), mat.NewVecDense(len(v), v))
	return components.RawVector().Data
}

// Moments is where SGD is after some steps, over all its runs.
type Moments struct {
	// Mean is E[θ], [d].
	Mean []float64
	// Covariance is that of θ, [d, d].
	Covariance *mat.SymDense
	// Loss is E[L(θ)].
	Loss float64
	// SquaredDistance is E‖θ − θ*‖², to the optimum that is nearest to the start.
	SquaredDistance float64
}

// Moments goes from start, θ₀ [d], through the given number of steps, of which step t is at the rate eta(t), and gives
// t and the moments of θ_t for t = 0, 1, …, steps (claims S7 to S11). A rate that falls is a schedule's At. Above
// Threshold they grow, in the end to +Inf and NaN.
func (s *SGD) Moments(eta func(t int) float64, start []float64, steps int) iter.Seq2[int, Moments] {
	return func(yield func(int, Moments) bool) {
		for t, e := range s.recursion(eta, start, Drift{}, 1, steps) {
			if !yield(t, s.moments(start, e.mean, e.second)) {
				return
			}
		}
	}
}

// After returns the moments of θ_steps alone, with the arguments of Moments and faster. It panics when steps is negative, or above
// 2²⁴, where it would take too long.
func (s *SGD) After(eta func(t int) float64, start []float64, steps int) Moments {
	if steps < 0 || steps > 1<<24 {
		panic(fmt.Sprintf("steps is %d: it must be from 0 to 2^24", steps))
	}
	var end state
	for _, e := range s.recursion(eta, start, Drift{}, 1, steps) {
		end = e
	}
	return s.moments(start, end.mean, end.second)
}

// AverageMoments is Moments for the average of θ_from, …, θ_t in the place of θ_t, from t = from on (Polyak and
// Ruppert's, claim S9). It too is exact at every t; PolyakRuppert is what it goes to.
func (s *SGD) AverageMoments(eta func(t int) float64, start []float64, from, steps int) iter.Seq2[int, Moments] {
	return func(yield func(int, Moments) bool) {
		r := len(s.Lambda)
		// Of S = e_from + … + e_t, the mean, E[SSᵀ] and E[e_t Sᵀ]. The noise of a step is uncorrelated with all before
		// it, so that E[e_{t+1} Sᵀ] = (I − ηH) E[e_t Sᵀ].
		mean, second, cross := make([]float64, r), mat.NewSymDense(r, nil), mat.NewDense(r, r, nil)
		for t, e := range s.recursion(eta, start, Drift{}, 1, steps) {
			if t < from {
				continue
			}
			if t > from {
				for i, lambda := range s.Lambda {
					floats.Scale(Factor(eta(t-1), lambda), cross.RawRowView(i))
				}
			}
			floats.Add(mean, e.mean)
			m := matrixOf(e.second)
			for i := range r {
				for j := range i + 1 {
					second.SetSym(i, j, second.At(i, j)+cross.At(i, j)+cross.At(j, i)+m.At(i, j))
				}
			}
			cross.Add(cross, m)
			count := float64(t - from + 1)
			averaged := floats.ScaleTo(make([]float64, r), 1/count, mean)
			var of mat.SymDense
			of.ScaleSym(1/(count*count), second)
			if !yield(t, s.moments(start, averaged, vectorOf(&of))) {
				return
			}
		}
	}
}

// state is E[e], [r], and E[eeᵀ], [s].
type state struct{ mean, second []float64 }

// recursion gives the state of e_t for t = 0, 1, …, steps. The drift of θ* is taken from e at the end of each step whose number,
// counted from 1, every divides. It panics when eta is nil.
func (s *SGD) recursion(eta func(t int) float64, start []float64, drift Drift, every, steps int) iter.Seq2[int, state] {
	if eta == nil {
		panic("eta is nil: give a function of the step, such as a schedule's At")
	}
	moving, walking := s.drift(drift)
	still, quiet := make([]float64, len(moving)), make([]float64, len(walking))
	return func(yield func(int, state) bool) {
		mean := s.Components(start)
		second := outerInto(make([]float64, len(s.a)), mean)
		var batch, cross mat.VecDense
		for t := 0; yield(t, state{mean, second}) && t < steps; t++ {
			velocity, walk := still, quiet
			if (t+1)%every == 0 {
				velocity, walk = moving, walking
			}
			rate := eta(t)
			batch.MulVec(s.b, mat.NewVecDense(len(second), second))
			cross.MulVec(s.cross, mat.NewVecDense(len(mean), mean))
			for i, a := range s.a {
				second[i] += rate*rate*(batch.AtVec(i)-cross.AtVec(i)+s.noise[i]) - rate*a*second[i] + walk[i]
			}
			for i, lambda := range s.Lambda {
				mean[i] = Factor(rate, lambda)*mean[i] - velocity[i]
			}
			// With e = u − v, E[eeᵀ] = E[uuᵀ] − (E[e] + v)vᵀ − v(E[e] + v)ᵀ + vvᵀ.
			floats.Sub(second, crossed(mean, velocity))
		}
	}
}

// moments are those of θ, which began at start, from those of e.
func (s *SGD) moments(start, mean, second []float64) Moments {
	m := matrixOf(second)
	result := Moments{Mean: slices.Clone(start), Loss: s.Floor + s.loss(m), SquaredDistance: mat.Trace(m)}
	var moved mat.VecDense
	offset := floats.SubTo(make([]float64, len(mean)), mean, s.Components(start))
	moved.MulVec(s.Vectors, mat.NewVecDense(len(mean), offset))
	floats.Add(result.Mean, moved.RawVector().Data)
	m.SymRankOne(m, -1, mat.NewVecDense(len(mean), mean))
	result.Covariance = s.back(m)
	return result
}

// loss returns ½ tr(HM), M in the eigenbasis.
func (s *SGD) loss(m *mat.SymDense) float64 {
	sum := 0.0
	for i, lambda := range s.Lambda {
		sum += lambda * m.At(i, i) / 2
	}
	return sum
}

// along returns QᵀCQ. It panics when C is not [d, d].
func (s *SGD) along(c mat.Symmetric) *mat.SymDense {
	if d := len(s.Optimum); sizeOf(c) != d {
		panic(fmt.Sprintf("the covariance has the size %d: it must have %d, one for each parameter", sizeOf(c), d))
	}
	return congruent(s.Vectors.T(), c)
}

// back returns QCQᵀ.
func (s *SGD) back(c mat.Symmetric) *mat.SymDense { return congruent(s.Vectors, c) }

// sizeOf is the number of rows, 0 of nil.
func sizeOf(m mat.Symmetric) int {
	if v := reflect.ValueOf(m); m == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return 0
	}
	return m.SymmetricDim()
}

// congruent returns PCPᵀ.
func congruent(p mat.Matrix, c mat.Symmetric) *mat.SymDense {
	var product mat.Dense
	product.Product(p, c, p.T())
	n, _ := product.Dims()
	result := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			result.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	return result
}

// vectorOf writes a symmetric matrix as a vector with the same scalar product, and matrixOf is its inverse.
func vectorOf(m mat.Symmetric) []float64 {
	var v []float64
	for i := range m.SymmetricDim() {
		for j := range i {
			v = append(v, math.Sqrt2*m.At(i, j))
		}
		v = append(v, m.At(i, i))
	}
	return v
}

func matrixOf(v []float64) *mat.SymDense {
	r := int(math.Sqrt(float64(2 * len(v))))
	m := mat.NewSymDense(r, nil)
	k := 0
	for i := range r {
		for j := range i {
			m.SetSym(i, j, v[k]/math.Sqrt2)
			k++
		}
		m.SetSym(i, i, v[k])
		k++
	}
	return m
}

// outerInto writes vectorOf(xxᵀ) over to, and returns it.
func outerInto(to, x []float64) []float64 {
	k := 0
	for i, xi := range x {
		for _, xj := range x[:i] {
			to[k] = math.Sqrt2 * (xi * xj)
			k++
		}
		to[k] = xi * xi
		k++
	}
	return to
}

// eigen returns the eigenvalues, ascending, and the eigenvectors, in columns.
func eigen(name string, m mat.Symmetric) ([]float64, *mat.Dense, error) {
	if norm := mat.Norm(m, 1); math.IsNaN(norm) || math.IsInf(norm, 0) {
		return nil, nil, fmt.Errorf("%s is not finite: it has no eigenvalues", name)
	}
	var e mat.EigenSym
	if !e.Factorize(m, true) {
		return nil, nil, fmt.Errorf("the eigenvalues of %s could not be computed", name)
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	return e.Values(nil), &vectors, nil
}

// covarianceEigen is eigen for a matrix that must be a covariance.
func covarianceEigen(name string, m mat.Symmetric) ([]float64, *mat.Dense, error) {
	lambda, vectors, err := eigen(name, m)
	if err != nil {
		return nil, nil, err
	}
	// An eigenvalue that is zero is computed as anything within rounding of the largest.
	if lambda[0] < -1e-12*math.Abs(lambda[len(lambda)-1]) {
		return nil, nil, fmt.Errorf("%s has the eigenvalue %v: a covariance has none below 0", name, lambda[0])
	}
	return lambda, vectors, nil
}

// checkRate says what is wrong with a learning rate.
func checkRate(eta float64) error {
	if !(eta > 0) || math.IsInf(eta, 0) {
		return fmt.Errorf("eta is %v: the learning rate must be positive and finite", eta)
	}
	return nil
}
