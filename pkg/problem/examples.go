package problem

import (
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Examples is a loss that is the mean over n examples, L(θ) = 1/n Σᵢ ℓᵢ(θ), each known in closed form: what SGD's noise
// is made of (claims S2, S4 to S8).
type Examples interface {
	Smooth
	// ExampleGradients returns ∇ℓᵢ(θ), one a row, [n, d]. Their mean is Gradient: a regularizer belongs to each.
	ExampleGradients(theta []float64) *mat.Dense
}

var (
	_ Examples = (*LeastSquares)(nil)
	_ Examples = (*Logistic)(nil)
	_ Examples = (*Noisy)(nil)
)

// NoiseCovariance returns the covariance of the gradient of one example drawn at random,
// Σ(θ) = 1/n Σᵢ (∇ℓᵢ−∇L)(∇ℓᵢ−∇L)ᵀ, [d, d]. That of a batch of b drawn with replacement is Σ/b. It panics when p is nil.
func NoiseCovariance(p Examples, theta []float64) *mat.SymDense {
	if p == nil {
		panic("NoiseCovariance: the problem is nil")
	}
	gradients, mean := p.ExampleGradients(theta), p.Gradient(theta)
	n, d := gradients.Dims()
	for i := range n {
		floats.Sub(gradients.RawRowView(i), mean)
	}
	covariance := mat.NewSymDense(d, nil)
	covariance.SymOuterK(1/float64(n), gradients.T())
	return covariance
}

// linearGradients returns cᵢ xᵢ + ∇R(θ), one a row, [n, d]: the gradients of losses of xᵢᵀθ whose derivatives there are
// c.
func linearGradients(x *mat.Dense, c []float64, r Regularizer, theta []float64) *mat.Dense {
	n, d := x.Dims()
	gradients := mat.NewDense(n, d, nil)
	for i := range n {
		row := gradients.RawRowView(i)
		r.addPenaltyGradient(row, theta)
		floats.AddScaled(row, c[i], x.RawRowView(i))
	}
	return gradients
}
