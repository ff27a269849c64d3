package problem

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// LeastSquares is linear regression: L(θ) = 1/(2n) Σᵢ (xᵢᵀθ − yᵢ)² over n examples. NewLeastSquares makes one;
// Table.LeastSquares makes one from named columns, standardised, so that no intercept is needed.
//
// Source: lecture section 1 (claims G3, G4).
type LeastSquares struct {
	// Start is θ₀, [d].
	Start []float64
	// DType in which Loss computes and Data is given; zero: Float32.
	DType dtypes.DType

	x *mat.Dense
	y []float64
}

var (
	_ Problem = (*LeastSquares)(nil)
	_ Smooth  = (*LeastSquares)(nil)
)

// NewLeastSquares makes the problem from features x [n, d] and targets y [n]. Start is set to the origin. It is an error
// when there are no examples or no features, when the lengths differ, or when a value is not finite.
func NewLeastSquares(x *mat.Dense, y []float64) (*LeastSquares, error) {
	if x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("x is empty: give at least one example with one feature")
	}
	n, d := x.Dims()
	if len(y) != n {
		return nil, fmt.Errorf("y has %d elements and x has %d rows: they must be as many", len(y), n)
	}
	for i := range n {
		for j := range d {
			if !finite(x.At(i, j)) {
				return nil, fmt.Errorf("x[%d, %d] is %v: it must be a finite number", i, j, x.At(i, j))
			}
		}
		if !finite(y[i]) {
			return nil, fmt.Errorf("y[%d] is %v: it must be a finite number", i, y[i])
		}
	}
	return &LeastSquares{Start: make([]float64, d), x: mat.DenseCopyOf(x), y: slices.Clone(y)}, nil
}

// Data returns the features [n, d] and the targets [n] in DType. It panics when a value does not fit into it.
func (l *LeastSquares) Data() []*tensors.Tensor {
	n, d := l.x.Dims()
	return []*tensors.Tensor{tensorOf(l.DType, l.x.RawMatrix().Data, n, d), tensorOf(l.DType, l.y, n)}
}

// Loss builds 1/(2b) Σᵢ (xᵢᵀθ − yᵢ)² over a batch of features [b, d] and targets [b], a scalar, with θ the trainable
// variable "theta" [d]. It panics, as GoMLX's model functions do, when the batch or Start does not fit.
func (l *LeastSquares) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	_, d := l.x.Dims()
	if len(batch) != 2 {
		panic(fmt.Errorf("batch has %d nodes: least squares needs two, features [b, %d] and targets [b]", len(batch), d))
	}
	x, y := batch[0], batch[1]
	if x.Rank() != 2 || x.Shape().Dim(1) != d || y.Rank() != 1 || y.Shape().Dim(0) != x.Shape().Dim(0) {
		panic(fmt.Errorf("batch is %s and %s: least squares needs features [b, %d] and targets [b]", x.Shape(), y.Shape(), d))
	}
	residual := graph.Sub(graph.Dot(x, parameters(scope, g, l.DType, l.Start, d)).Product(), y)
	// Not ReduceAllMean, for the reason given in Quadratic.Loss.
	halfMean := graph.ConstTensor(g, tensorOf(l.DType, []float64{0.5 / float64(x.Shape().Dim(0))}))
	return graph.Mul(halfMean, graph.Dot(residual, residual).Product())
}

// Value returns L(θ) over all examples.
func (l *LeastSquares) Value(theta []float64) float64 {
	residual := l.residual(theta)
	return mat.Dot(residual, residual) / (2 * float64(len(l.y)))
}

// Gradient returns ∇L(θ) = Xᵀ(Xθ − y)/n.
func (l *LeastSquares) Gradient(theta []float64) []float64 {
	var gradient mat.VecDense
	gradient.MulVec(l.x.T(), l.residual(theta))
	gradient.ScaleVec(1/float64(len(l.y)), &gradient)
	return gradient.RawVector().Data
}

// Hessian returns XᵀX/n, whatever θ. On standardised features it is their correlation matrix.
func (l *LeastSquares) Hessian([]float64) *mat.SymDense {
	var h mat.SymDense
	h.SymOuterK(1/float64(len(l.y)), l.x.T())
	return &h
}

// Optimum returns θ*, the ordinary least-squares fit, from the singular values of X, so with an error that grows with
// the condition number of X and not with its square. It is an error when the features are linearly dependent (or more
// than the examples): then there is no single θ*.
func (l *LeastSquares) Optimum() ([]float64, error) {
	n, d := l.x.Dims()
	var svd mat.SVD
	if !svd.Factorize(l.x, mat.SVDThin) {
		return nil, fmt.Errorf("the singular values of x could not be computed")
	}
	// The customary cut: below it a singular value cannot be told from zero in float64.
	rank := svd.Rank(float64(max(n, d)) * 0x1p-52)
	if rank < d {
		return nil, fmt.Errorf("x has rank %d but %d features: they are linearly dependent and there is no single optimum; leave some out", rank, d)
	}
	var optimum mat.VecDense
	svd.SolveVecTo(&optimum, mat.NewVecDense(n, l.y), rank)
	return optimum.RawVector().Data, nil
}

// residual returns Xθ − y.
func (l *LeastSquares) residual(theta []float64) *mat.VecDense {
	_, d := l.x.Dims()
	mustFit(theta, d)
	var residual mat.VecDense
	residual.MulVec(l.x, mat.NewVecDense(d, theta))
	floats.Sub(residual.RawVector().Data, l.y)
	return &residual
}
