package theory

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Sampling is how the b examples of a batch are drawn from n. Each batch is drawn anew.
type Sampling int

const (
	// WithReplacement: each of the b at random from all n, so that an example can be in a batch twice.
	WithReplacement Sampling = iota
	// WithoutReplacement: b different ones. A batch of a shuffled epoch, seen by itself, is such a one; but the batches
	// of one epoch depend on each other.
	WithoutReplacement
)

// VarianceFactor returns by what the covariance of single examples is multiplied to give that of the mean of a batch of
// b from n (claims S2, S13):
//
//	with replacement      1/b
//	without replacement   1/b · (n−b)/(n−1)
//
// It is an error when n or b is not positive, or when b > n without replacement.
//
// Source: W. G. Cochran (1977), "Sampling Techniques", theorem 2.2.
func VarianceFactor(n, b int, sampling Sampling) (float64, error) {
	if n < 1 {
		return 0, fmt.Errorf("n is %d: there must be at least one example", n)
	}
	if b < 1 {
		return 0, fmt.Errorf("b is %d: a batch must have at least one example", b)
	}
	switch {
	case sampling == WithReplacement:
		return 1 / float64(b), nil
	case sampling != WithoutReplacement:
		return 0, fmt.Errorf("sampling is %d: it must be WithReplacement or WithoutReplacement", sampling)
	case b > n:
		return 0, fmt.Errorf("b is %d: without replacement a batch must have between 1 and the %d examples", b, n)
	case b == n:
		return 0, nil
	}
	return float64(n-b) / (float64(b) * float64(n-1)), nil
}

// GradientNoise is how the gradients of the n examples at one θ differ. NewGradientNoise makes it.
type GradientNoise struct {
	// Gradient is the full gradient, their mean, [d].
	Gradient []float64
	// Covariance is Σ = 1/n Σᵢ (gᵢ−∇L)(gᵢ−∇L)ᵀ, [d, d].
	Covariance *mat.SymDense

	n int
}

// NewGradientNoise takes the gradients gᵢ of the examples, one a row, [n, d]. It is an error when there are none or one
// is not finite.
func NewGradientNoise(gradients *mat.Dense) (*GradientNoise, error) {
	if err := checkMatrix("gradients", gradients); err != nil {
		return nil, err
	}
	n, d := gradients.Dims()
	mean := make([]float64, d)
	for i := range n {
		floats.AddScaled(mean, 1/float64(n), gradients.RawRowView(i))
	}
	centred := mat.DenseCopyOf(gradients)
	for i := range n {
		floats.Sub(centred.RawRowView(i), mean)
	}
	covariance := mat.NewSymDense(d, nil)
	covariance.SymOuterK(1/float64(n), centred.T())
	if norm := mat.Norm(covariance, 1); math.IsInf(norm, 0) || math.IsNaN(norm) {
		return nil, errors.New("gradients are so great that their squares leave float64: choose another unit")
	}
	return &GradientNoise{mean, covariance, n}, nil
}

// Batch returns the covariance of the gradient of a batch of b, Σ times VarianceFactor, [d, d]. Its mean is Gradient:
// the estimate is unbiased. Errors are VarianceFactor's.
func (g *GradientNoise) Batch(b int, sampling Sampling) (*mat.SymDense, error) {
	factor, err := VarianceFactor(g.n, b, sampling)
	if err != nil {
		return nil, err
	}
	covariance := mat.NewSymDense(len(g.Gradient), nil)
	covariance.ScaleSym(factor, g.Covariance)
	return covariance, nil
}

// SignalToNoise returns ‖∇L‖² / tr Cov of the gradient of a batch of b (claim S4): 0 at the optimum, +Inf for a
// gradient without noise. Errors are VarianceFactor's.
func (g *GradientNoise) SignalToNoise(b int, sampling Sampling) (float64, error) {
	covariance, err := g.Batch(b, sampling)
	if err != nil {
		return 0, err
	}
	noise := mat.Trace(covariance)
	if noise == 0 {
		return math.Inf(1), nil
	}
	return floats.Dot(g.Gradient, g.Gradient) / noise, nil
}

// Cosine returns what to expect of the cosine between the gradient of a batch of b and the full one (claim S4), for
// batches so large that the batch gradient is normally distributed, N(μ, C): near 1 where the signal-to-noise ratio is
// large, falling to 0 at the optimum. Errors are VarianceFactor's.
//
// With 1/‖x‖ = 2/√π ∫₀^∞ exp(−s²‖x‖²) ds the expectation is an integral over s alone; in the eigenbasis of C, cⱼ being
// its eigenvalues and μⱼ the components of the full gradient,
//
//	E[cos] = 2/(√π ‖μ‖) ∫₀^∞ Σⱼ μⱼ²/wⱼ · Πⱼ wⱼ^(−½) exp(−s²μⱼ²/wⱼ) ds,    wⱼ = 1 + 2s²cⱼ
func (g *GradientNoise) Cosine(b int, sampling Sampling) (float64, error) {
	covariance, err := g.Batch(b, sampling)
	if err != nil {
		return 0, err
	}
	size := floats.Norm(g.Gradient, 2)
	if size == 0 {
		return 0, nil // The limit: there is no direction to agree with.
	}
	covariance.ScaleSym(1/size, covariance) // the cosine does not depend on the gradients' unit: let the full one be of length 1
	covariance.ScaleSym(1/size, covariance)
	if trace := mat.Trace(covariance); math.IsInf(trace, 0) || math.IsNaN(trace) {
		return 0, nil // so much noise that nothing is left of the direction
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return 0, fmt.Errorf("the eigenvalues of the covariance could not be computed")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var mu mat.VecDense
	mu.MulVec(vectors.T(), mat.NewVecDense(len(g.Gradient), g.Gradient))
	mu.ScaleVec(1/size, &mu)
	// In v = log s the trapezoid rule converges exponentially. The integrand is s times what falls with s: it has died
	// on the left 40 below log 1/‖x‖, and on the right where a term no longer adds to the sum.
	const step = 0.125
	sum := 0.0
	for v := -math.Log(math.Sqrt(1+mat.Trace(covariance))) - 40; ; v += step {
		s := math.Exp(v)
		first, second := 0.0, s
		for j, c := range eigen.Values(nil) {
			w := 1 + 2*s*s*max(c, 0) // Rounding can make a zero negative.
			first += mu.AtVec(j) * mu.AtVec(j) / w
			second *= math.Exp(-s*s*mu.AtVec(j)*mu.AtVec(j)/w) / math.Sqrt(w)
		}
		term := first * second * step
		if sum += term; term < 1e-17*sum {
			return min(2/math.SqrtPi*sum, 1), nil
		}
	}
}

// BatchCosine returns what to expect of the cosine between the full gradient and that of a batch of b drawn with replacement, exactly
// and whatever the distribution of the gradients [n, 2] of the examples (claim S4): where GradientNoise.Cosine takes the noise for
// normal. It is right to three digits. It is an error when there are no gradients, when they have another number of columns or one is not finite, and when b is
// less than 4, for which the integral hardly converges.
//
// In the plane x/‖x‖ = 1/(2π) ∫ sin(s·x) s/‖s‖³ ds. So the expectation is an integral over the characteristic function of a batch's
// gradient, the b-th power of that of one example's; with u the direction of the full gradient and e(α) the unit vector at the angle α,
//
//	E[cos] = 1/π ∫₀^π u·e(α) ∫₀^∞ Im φ(r·e(α)/b)^b dr/r dα,    φ(s) = 1/n Σₖ exp(i s·gₖ)
func BatchCosine(gradients *mat.Dense, b int) (float64, error) {
	noise, err := NewGradientNoise(gradients)
	if err != nil {
		return 0, err
	}
	n, d := gradients.Dims()
	if d != 2 || b < 4 {
		return 0, fmt.Errorf("there are %d parameters and batches of %d: there must be 2 and at least 4", d, b)
	}
	g := noise.Gradient
	size := floats.Norm(g, 2)
	scale := math.Sqrt(size*size + mat.Trace(noise.Covariance)/float64(b)) // of a batch's gradient
	if size == 0 || math.IsInf(scale, 0) {
		return 0, nil // there is no direction to agree with, or nothing is left of it
	}
	const angles, step = 32, 0.4 // of an even function that dies out, as of a periodic one, the trapezoid rule is exact to many digits
	sum := 0.0
	turn, at := make([]complex128, n), make([]complex128, n)
	for a := range angles {
		sin, cos := math.Sincos(math.Pi * float64(a) / angles)
		for k := range at {
			along := (cos*gradients.At(k, 0) + sin*gradients.At(k, 1)) / (scale * float64(b))
			turn[k], at[k] = cmplx.Rect(1, step*along), complex(1/float64(n), 0)
		}
		signal := (cos*g[0] + sin*g[1]) / scale
		inner := signal * step / 2 // the integrand at 0
		for r := step; r < 1000; r += step {
			phi := 0i
			for k, by := range turn { // exp(i r x), from that of the step before without another sine
				at[k] *= by
				phi += at[k]
			}
			power := cmplx.Pow(phi, complex(float64(b), 0))
			if inner += imag(power) / r * step; cmplx.Abs(power) < 1e-7 {
				break
			}
		}
		sum += signal * scale / size * inner / angles
	}
	return sum, nil
}

// Cosine returns the cosine of the angle between two vectors of one length, such as a batch's gradient and the full
// one, or NaN when one of them is 0. The absolute value is at most 1 up to rounding. It panics when the lengths differ.
func Cosine(u, v []float64) float64 {
	if len(u) != len(v) {
		panic(fmt.Sprintf("u has %d elements and v %d: they must be as many", len(u), len(v)))
	}
	u, v = nearOne(u), nearOne(v)
	return floats.Dot(u, v) / (floats.Norm(u, 2) * floats.Norm(v, 2))
}

// nearOne is v in a unit, a power of two, in which its greatest element is near 1: its square is within float64.
func nearOne(v []float64) []float64 {
	_, unit := math.Frexp(floats.Norm(v, math.Inf(1)))
	scaled := make([]float64, len(v))
	for i, x := range v {
		scaled[i] = math.Ldexp(x, -unit)
	}
	return scaled
}

// checkMatrix says what is wrong with a matrix that must have finite elements.
func checkMatrix(name string, m *mat.Dense) error {
	if m == nil || m.IsEmpty() {
		return fmt.Errorf("%s is empty: it must have at least one row and one column", name)
	}
	rows, columns := m.Dims()
	for i := range rows {
		for j := range columns {
			if x := m.At(i, j); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%s[%d, %d] is %v: it must be a finite number", name, i, j, x)
			}
		}
	}
	return nil
}
