package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/missing"
)

// Landscape is a loss of θ alone, without examples: Quadratic, TwoBasins and Rosenbrock.
type Landscape interface {
	Problem
	Smooth
	// start returns θ₀ and the type in which Loss computes.
	start() ([]float64, dtypes.DType)
}

func (q *Quadratic) start() ([]float64, dtypes.DType)  { return q.Start, q.DType }
func (r *Rosenbrock) start() ([]float64, dtypes.DType) { return r.Start, r.DType }
func (t *TwoBasins) start() ([]float64, dtypes.DType)  { return t.Start, t.DType }

// Noisy is a Landscape U with examples, so that batches are noisy while the loss over all examples is U to rounding:
//
//	ℓᵢ(θ) = U(θ) + ξᵢᵀθ,   Σᵢ ξᵢ = 0,   1/n Σᵢ ξᵢξᵢᵀ = Σ.
//
// The gradient of an example drawn at random is ∇U plus noise of the covariance Σ, the same at every θ (claims S7, S8,
// H1). NewNoisy makes one; Start and DType are the landscape's.
type Noisy struct {
	Landscape
	xi *mat.Dense // [n, d]
}

// NewNoisy makes n examples whose ξ are normally distributed, drawn by the seed, and then shifted and stretched so that
// their mean is 0 and their covariance is the one given, [d, d], to rounding. It is an error when the covariance does
// not have the landscape's size, is not finite or has a negative eigenvalue, or when n is not greater than d.
func NewNoisy(u Landscape, covariance *mat.SymDense, n int, seed int) (*Noisy, error) {
	if missing.Any(u, covariance) {
		return nil, errors.New("NewNoisy needs a landscape and a covariance; one of them is nil")
	}
	start, _ := u.start()
	d := len(start)
	if covariance.SymmetricDim() != d {
		return nil, fmt.Errorf("covariance is of size %d: it must be %d, as θ has %d elements", covariance.SymmetricDim(), d, d)
	}
	if n <= d {
		return nil, fmt.Errorf("n is %d: %d dimensions need at least %d examples", n, d, d+1)
	}
	if err := checkMemory(n, d); err != nil {
		return nil, err
	}
	root, err := squareRoot(covariance)
	if err != nil {
		return nil, err
	}
	z := gaussian(n, d, rand.New(rand.NewPCG(uint64(seed), 0)))
	for j := range d {
		column := mat.Col(nil, j, z)
		floats.AddConst(-floats.Sum(column)/float64(n), column)
		z.SetCol(j, column)
	}
	// The columns of Q are orthonormal and, as those of Z, sum to 0: √n Q has the covariance 1.
	q := orthonormal(z)
	xi := new(mat.Dense)
	xi.Mul(q, root)
	xi.Scale(math.Sqrt(float64(n)), xi)
	return &Noisy{u, xi}, nil
}

// Data returns ξ, [n, d], in the landscape's DType.
func (p *Noisy) Data() []*tensors.Tensor {
	mustBeMade(p.xi)
	_, dtype := p.start()
	n, d := p.xi.Dims()
	return []*tensors.Tensor{tensorOf(dtype, p.xi.RawMatrix().Data, n, d)}
}

// Loss builds U(θ) + 1/b Σᵢ ξᵢᵀθ over a batch of ξ [b, d], a scalar, with θ the trainable variable "theta" [d]. It
// panics, as GoMLX's model functions do, when the batch does not fit.
func (p *Noisy) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	_, d := p.xi.Dims()
	if len(batch) != 1 || batch[0].Rank() != 2 || batch[0].Shape().Dim(1) != d {
		panic(fmt.Errorf("batch must be one node, ξ [b, %d]", d))
	}
	u := p.Landscape.Loss(scope, g, nil)
	theta := scope.GetVariable("theta").NodeValue(g)
	return graph.Add(u, mean(graph.Dot(batch[0], theta).Product()))
}

// ExampleGradients returns ∇U(θ) + ξᵢ, [n, d].
func (p *Noisy) ExampleGradients(theta []float64) *mat.Dense {
	gradients := mat.DenseCopyOf(p.xi)
	u := p.Gradient(theta)
	n, _ := gradients.Dims()
	for i := range n {
		floats.Add(gradients.RawRowView(i), u)
	}
	return gradients
}

// squareRoot returns the symmetric S with S² = C. It is an error when C is not finite or has a negative eigenvalue.
func squareRoot(covariance *mat.SymDense) (*mat.Dense, error) {
	if !finite(mat.Norm(covariance, 1)) {
		return nil, errors.New("covariance is not finite")
	}
	lambda, vectors, err := Eigen(covariance)
	if err != nil {
		return nil, err
	}
	for i, v := range lambda {
		if v < -1e-12*math.Abs(lambda[len(lambda)-1]) || lambda[len(lambda)-1] < 0 {
			return nil, fmt.Errorf("covariance has the eigenvalue %v: none may be negative", v)
		}
		lambda[i] = math.Sqrt(max(v, 0))
	}
	root := new(mat.Dense)
	root.Product(vectors, mat.NewDiagDense(len(lambda), lambda), vectors.T())
	return root, nil
}
