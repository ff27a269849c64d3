package problem

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
)

// Rosenbrock is the curved, narrow valley
//
//	L(θ) = Σ_{i<d} 100 (θ_{i+1} − θᵢ²)² + (1 − θᵢ)²,
//
// with the optimum (1, …, 1), L = 0. From d = 4 on there is a second, worse minimum near (−1, 1, …, 1). NewRosenbrock
// makes one.
//
// Source: H. Rosenbrock (1960), "An automatic method for finding the greatest or least value of a function", Computer
// Journal 3; for d > 2 in the form of Y.-W. Shang and Y.-H. Qiu (2006), "A note on the extended Rosenbrock function",
// Evolutionary Computation 14.
type Rosenbrock struct {
	// Start is θ₀, [d].
	Start []float64
	// DType in which Loss computes; zero: Float32.
	DType dtypes.DType
}

var (
	_ Problem = (*Rosenbrock)(nil)
	_ Smooth  = (*Rosenbrock)(nil)
)

// NewRosenbrock makes the valley in d ≥ 2 dimensions. Start is set to Rosenbrock's own, (−1.2, 1, −1.2, …). It
// is an error when d is below 2, or so large that the Hessian does not fit into memory.
func NewRosenbrock(d int) (*Rosenbrock, error) {
	if d < 2 {
		return nil, fmt.Errorf("d is %d: it must be at least 2", d)
	}
	if err := checkMemory(d, d); err != nil {
		return nil, err
	}
	return &Rosenbrock{Start: slices.Repeat([]float64{-1.2, 1}, (d+1)/2)[:d]}, nil
}

// Data returns nil: the valley has no examples.
func (r *Rosenbrock) Data() []*tensors.Tensor { return nil }

// Loss builds L(θ), a scalar, with θ the trainable variable "theta" [d]. It panics, as GoMLX's model functions do, when
// Start is not finite.
func (r *Rosenbrock) Loss(scope *model.Scope, g *graph.Graph, _ []*graph.Node) *graph.Node {
	d := len(r.Start)
	theta := parameters(scope, g, r.DType, r.Start, d)
	// Products with parts of the identity, and not slices: their gradients pad with a scalar of GoMLX's cache, see
	// Quadratic.Loss.
	identity := mat.NewDense(d, d, nil)
	for i := range d {
		identity.Set(i, i, 1)
	}
	part := func(from int) *graph.Node {
		rows := identity.RawMatrix().Data[from*d : (from+d-1)*d]
		return graph.Dot(graph.ConstTensor(g, tensorOf(r.DType, rows, d-1, d)), theta).Product()
	}
	head, tail := part(0), part(1)
	offset := graph.Sub(tail, graph.Mul(head, head))
	slope := graph.Sub(head, constant(head, 1))
	return graph.Add(
		graph.Mul(constant(offset, 100), graph.Dot(offset, offset).Product()),
		graph.Dot(slope, slope).Product())
}

// Value returns L(θ).
func (r *Rosenbrock) Value(theta []float64) float64 {
	mustFit(theta, max(len(r.Start), 2)) // NewRosenbrock's Start has at least two
	sum := 0.0
	for i, x := range theta[:len(theta)-1] {
		offset := theta[i+1] - x*x
		sum += 100*offset*offset + (1-x)*(1-x)
	}
	return sum
}

// Gradient returns ∇L(θ).
func (r *Rosenbrock) Gradient(theta []float64) []float64 {
	mustFit(theta, max(len(r.Start), 2)) // NewRosenbrock's Start has at least two
	gradient := make([]float64, len(theta))
	for i, x := range theta[:len(theta)-1] {
		offset := theta[i+1] - x*x
		gradient[i] += -400*offset*x - 2*(1-x)
		gradient[i+1] += 200 * offset
	}
	return gradient
}

// Hessian returns ∇²L(θ), tridiagonal.
func (r *Rosenbrock) Hessian(theta []float64) *mat.SymDense {
	mustFit(theta, max(len(r.Start), 2)) // NewRosenbrock's Start has at least two
	h := mat.NewSymDense(len(theta), nil)
	for i, x := range theta[:len(theta)-1] {
		h.SetSym(i, i, h.At(i, i)+1200*x*x-400*theta[i+1]+2)
		h.SetSym(i, i+1, -400*x)
		h.SetSym(i+1, i+1, 200)
	}
	return h
}

// Optimum returns (1, …, 1); the error is always nil.
func (r *Rosenbrock) Optimum() ([]float64, error) {
	return slices.Repeat([]float64{1}, len(r.Start)), nil
}
