package problem

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// LeastSquares is linear regression: L(θ) = 1/(2n) Σᵢ (xᵢᵀθ − yᵢ)² + R(θ) over n examples. NewLeastSquares makes one;
// Table.LeastSquares makes one from named columns, standardized, so that no intercept is needed; RandomLeastSquares and
// NewStream make random ones.
//
// Source: lecture section 1 (claims G3, G4, G6).
type LeastSquares struct {
	// Regularizer is R; left out: none.
	Regularizer
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

// NewLeastSquares makes the problem from features x [n, d] and targets y [n]. Start is set to the origin. It is an
// error when there are no examples or no features, when the lengths differ, or when a value is not finite.
func NewLeastSquares(x *mat.Dense, y []float64) (*LeastSquares, error) {
	if err := checkFeatures(x); err != nil {
		return nil, err
	}
	n, d := x.Dims()
	if len(y) != n {
		return nil, fmt.Errorf("y has %d elements and x has %d rows: they must be as many", len(y), n)
	}
	for i, v := range y {
		if !finite(v) {
			return nil, fmt.Errorf("y[%d] is %v: it must be a finite number", i, v)
		}
	}
	return &LeastSquares{Start: make([]float64, d), x: mat.DenseCopyOf(x), y: slices.Clone(y)}, nil
}

// Structure names what Loss builds: problems of the same structure differ in their Data alone.
func (l *LeastSquares) Structure() string {
	return fmt.Sprintf("least squares %v %v %v", l.Regularizer, l.Start, l.DType)
}

// Data returns the features [n, d] and the targets [n] in DType. It panics when a value does not fit into it.
func (l *LeastSquares) Data() []*tensors.Tensor {
	mustBeMade(l.x)
	n, d := l.x.Dims()
	return []*tensors.Tensor{tensorOf(l.DType, l.x.RawMatrix().Data, n, d), tensorOf(l.DType, l.y, n)}
}

// Loss builds 1/(2b) Σᵢ (xᵢᵀθ − yᵢ)² over a batch of features [b, d] and targets [b], a scalar, with θ the trainable
// variable "theta" [d]. It panics, as GoMLX's model functions do, when the batch or Start does not fit.
func (l *LeastSquares) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	_, d := l.x.Dims()
	x, y := linearBatch("least squares", "targets", batch, d)
	theta := parameters(scope, g, l.DType, l.Start, d)
	residual := graph.Sub(graph.Dot(x, theta).Product(), y)
	// Not ReduceAllMean, for the reason given in Quadratic.Loss.
	halfMean := graph.ConstTensor(g, tensorOf(l.DType, []float64{0.5 / float64(x.Shape().Dim(0))}))
	return l.penalize(graph.Mul(halfMean, graph.Dot(residual, residual).Product()), theta)
}

// Features returns X, [n, d].
func (l *LeastSquares) Features() *mat.Dense { return mat.DenseCopyOf(l.x) }

// Targets returns y, [n].
func (l *LeastSquares) Targets() []float64 { return slices.Clone(l.y) }

// Value returns L(θ) over all examples.
func (l *LeastSquares) Value(theta []float64) float64 {
	residual := l.residual(theta)
	return mat.Dot(residual, residual)/(2*float64(len(l.y))) + l.penalty(theta)
}

// Gradient returns ∇L(θ) = Xᵀ(Xθ − y)/n + ∇R(θ).
func (l *LeastSquares) Gradient(theta []float64) []float64 {
	var gradient mat.VecDense
	gradient.MulVec(l.x.T(), l.residual(theta))
	gradient.ScaleVec(1/float64(len(l.y)), &gradient)
	l.addPenaltyGradient(gradient.RawVector().Data, theta)
	return gradient.RawVector().Data
}

// ExampleGradients returns ∇ℓᵢ(θ) = (xᵢᵀθ − yᵢ) xᵢ + ∇R(θ), [n, d].
func (l *LeastSquares) ExampleGradients(theta []float64) *mat.Dense {
	return linearGradients(l.x, l.residual(theta).RawVector().Data, l.Regularizer, theta)
}

// Hessian returns XᵀX/n + Ridge·1, whatever θ. On standardized features and without a ridge it is their correlation
// matrix.
func (l *LeastSquares) Hessian([]float64) *mat.SymDense {
	var h mat.SymDense
	h.SymOuterK(1/float64(len(l.y)), l.x.T())
	for i := range h.SymmetricDim() {
		h.SetSym(i, i, h.At(i, i)+l.Ridge)
	}
	return &h
}

// Optimum returns θ*. Without R it is the ordinary least-squares fit, with a ridge (XᵀX/n + Ridge·1)⁻¹Xᵀy/n, both from
// the singular values of X, so with an error that grows with the condition number of X and not with its square. With
// L1 it has zeros that are exact. It is an error when the features are linearly dependent (or more than the examples)
// and there is no ridge: then there is no single θ*, see MinimumNorm.
func (l *LeastSquares) Optimum() ([]float64, error) {
	if err := l.checkPenalty(); err != nil {
		return nil, err
	}
	optimum, rank, err := l.solve()
	if err != nil {
		return nil, err
	}
	if _, d := l.x.Dims(); rank < d && l.Ridge == 0 {
		return nil, fmt.Errorf("x has rank %d but %d features: they are linearly dependent and there is no single optimum; "+
			"leave some out, or set Ridge", rank, d)
	}
	if l.L1 > 0 {
		return l.descendCoordinates(optimum)
	}
	return optimum, nil
}

// MinimumNorm returns, of all θ that make the loss least without R, that with the least ‖θ‖: where there are more
// features than examples, that to which gradient descent and SGD go from the origin (claim S11). It is an error when the
// problem was not made by a constructor, or when the singular values of X cannot be computed.
func (l *LeastSquares) MinimumNorm() ([]float64, error) {
	plain := &LeastSquares{x: l.x, y: l.y}
	optimum, _, err := plain.solve()
	return optimum, err
}

// solve returns Σ s/(s² + n·Ridge) (uᵀy) v over the singular values s of X that are not 0, with their vectors u and v;
// and their number, the rank.
func (l *LeastSquares) solve() (theta []float64, rank int, err error) {
	if l.x == nil {
		return nil, 0, errZero
	}
	n, d := l.x.Dims()
	var svd mat.SVD
	if !svd.Factorize(l.x, mat.SVDThin) {
		return nil, 0, errors.New("the singular values of x could not be computed")
	}
	// The customary cut: below it a singular value cannot be told from zero in float64.
	rank = svd.Rank(float64(max(n, d)) * 0x1p-52)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	solution := mat.NewVecDense(d, nil)
	for k, s := range svd.Values(nil)[:rank] {
		// Not s/(s² + n·Ridge): the square leaves float64 sooner.
		along := mat.Dot(u.ColView(k), mat.NewVecDense(n, l.y))
		solution.AddScaledVec(solution, along/(s+float64(n)*l.Ridge/s), v.ColView(k))
	}
	return solution.RawVector().Data, rank, nil
}

// descendCoordinates returns the optimum with L1, from a θ near to it: along one coordinate at a time the loss is least
// where the soft threshold says.
//
// Source: J. Friedman, T. Hastie and R. Tibshirani (2010), "Regularization Paths for Generalized Linear Models via
// Coordinate Descent", Journal of Statistical Software 33(1).
func (l *LeastSquares) descendCoordinates(theta []float64) ([]float64, error) {
	h := l.Hessian(nil)
	b := l.Gradient(make([]float64, len(theta))) // the gradient without L1 is Hθ + b
	for range 1_000_000 {
		moved := 0.0
		for j, before := range theta {
			slope := b[j]
			for k, v := range theta {
				slope += h.At(j, k) * v
			}
			theta[j] = softThreshold(before-slope/h.At(j, j), l.L1/h.At(j, j))
			moved = max(moved, math.Abs(theta[j]-before))
		}
		if moved <= 1e-14*floats.Norm(theta, math.Inf(1)) {
			return theta, nil
		}
	}
	return nil, errors.New("the optimum with L1 could not be computed: the features are too nearly linearly dependent")
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
