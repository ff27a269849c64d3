package problem

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Logistic is logistic regression of two classes, yᵢ ∈ {0, 1}: the probability of class 1 is σ(xᵢᵀθ), σ(z) =
// 1/(1+e^−z), and the loss the mean log loss
//
//	L(θ) = 1/n Σᵢ log(1 + exp((1−2yᵢ) xᵢᵀθ)) + R(θ).
//
// NewLogistic makes one; Labeled.Logistic makes one with an intercept.
//
// Source: lecture section 1 (claim G6).
type Logistic struct {
	// Regularizer is R; left out: none.
	Regularizer
	// Start is θ₀, [d].
	Start []float64
	// DType in which Loss computes and Data is given; zero: Float32.
	DType dtypes.DType

	x *mat.Dense
	y []float64 // 0 or 1
}

var (
	_ Problem = (*Logistic)(nil)
	_ Smooth  = (*Logistic)(nil)
)

// NewLogistic makes the problem from features x [n, d] and labels [n], 0 or 1. An intercept is a column of ones. Start
// is set to the origin. It is an error when there are no examples or no features, when the lengths differ, when a value
// is not finite, or when a label is neither 0 nor 1.
func NewLogistic(x *mat.Dense, labels []int) (*Logistic, error) {
	y, err := checkLabels(x, labels, 2)
	if err != nil {
		return nil, err
	}
	_, d := x.Dims()
	return &Logistic{Start: make([]float64, d), x: mat.DenseCopyOf(x), y: y}, nil
}

// Data returns the features [n, d] and the labels [n] in DType. It panics when a value does not fit into it.
func (l *Logistic) Data() []*tensors.Tensor {
	mustBeMade(l.x)
	n, d := l.x.Dims()
	return []*tensors.Tensor{tensorOf(l.DType, l.x.RawMatrix().Data, n, d), tensorOf(l.DType, l.y, n)}
}

// Loss builds the mean log loss over a batch of features [b, d] and labels [b], and R(θ), a scalar, with θ the
// trainable variable "theta" [d]. It panics, as GoMLX's model functions do, when the batch or Start does not fit.
func (l *Logistic) Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node {
	_, d := l.x.Dims()
	x, y := linearBatch("logistic regression", "labels", batch, d)
	theta := parameters(scope, g, l.DType, l.Start, d)
	side := graph.Sub(constant(y, 1), graph.Mul(constant(y, 2), y))
	return l.penalize(mean(softplusNode(graph.Mul(side, graph.Dot(x, theta).Product()))), theta)
}

// Value returns L(θ) over all examples.
func (l *Logistic) Value(theta []float64) float64 {
	sum := 0.0
	for i, z := range l.scores(theta) {
		sum += softplus((1 - 2*l.y[i]) * z)
	}
	return sum/float64(len(l.y)) + l.penalty(theta)
}

// Gradient returns ∇L(θ) = 1/n Σᵢ (σ(xᵢᵀθ) − yᵢ) xᵢ + ∇R(θ).
func (l *Logistic) Gradient(theta []float64) []float64 {
	var gradient mat.VecDense
	gradient.MulVec(l.x.T(), mat.NewVecDense(len(l.y), l.residual(theta)))
	gradient.ScaleVec(1/float64(len(l.y)), &gradient)
	l.addPenaltyGradient(gradient.RawVector().Data, theta)
	return gradient.RawVector().Data
}

// ExampleGradients returns ∇ℓᵢ(θ) = (σ(xᵢᵀθ) − yᵢ) xᵢ + ∇R(θ), [n, d].
func (l *Logistic) ExampleGradients(theta []float64) *mat.Dense {
	return linearGradients(l.x, l.residual(theta), l.Regularizer, theta)
}

// Hessian returns ∇²L(θ) = 1/n Σᵢ σ(zᵢ)(1−σ(zᵢ)) xᵢxᵢᵀ + Ridge·1 with zᵢ = xᵢᵀθ. It is nowhere greater than at the
// origin, where it is XᵀX/(4n) + Ridge·1.
func (l *Logistic) Hessian(theta []float64) *mat.SymDense {
	scaled := mat.DenseCopyOf(l.x)
	for i, z := range l.scores(theta) {
		floats.Scale(math.Sqrt(Sigmoid.At(z)*Sigmoid.At(-z)), scaled.RawRowView(i))
	}
	var h mat.SymDense
	h.SymOuterK(1/float64(len(l.y)), scaled.T())
	for i := range h.SymmetricDim() {
		h.SetSym(i, i, h.At(i, i)+l.Ridge)
	}
	return &h
}

// Optimum returns θ*, found by Newton's method. It is an error when R has an L1, which that cannot do, and, without a
// ridge, when the features are linearly dependent, so that there is no single θ*, or when a plane through the origin
// separates the classes, so that the loss falls for ever as θ grows.
func (l *Logistic) Optimum() ([]float64, error) {
	if err := l.checkPenalty(); err != nil {
		return nil, err
	}
	if l.L1 > 0 {
		return nil, fmt.Errorf("L1 is %v: the optimum of logistic regression is known without it alone; set it to 0", l.L1)
	}
	_, d := l.x.Dims()
	theta := make([]float64, d)
	for last := 3; last > 0; {
		var cholesky mat.Cholesky
		if !cholesky.Factorize(l.Hessian(theta)) || cholesky.Cond() > 1e14 {
			return nil, l.noOptimum(theta)
		}
		gradient, step := l.Gradient(theta), new(mat.VecDense)
		if err := cholesky.SolveVecTo(step, mat.NewVecDense(d, gradient)); err != nil {
			return nil, l.noOptimum(theta)
		}
		// Twice what the quadratic model of the loss promises. Below 1e-12 each step squares it, and rounding hides
		// from the loss whether it fell: the last steps are taken as they are.
		promise, length := mat.Dot(step, mat.NewVecDense(d, gradient)), 1.0
		next := func() []float64 { return floats.AddScaledTo(make([]float64, d), theta, -length, step.RawVector().Data) }
		if promise < 1e-12 {
			last--
		} else {
			for before := l.Value(theta); l.Value(next()) > before-length*promise/4; length /= 2 {
			}
		}
		theta = next()
	}
	if l.Ridge == 0 && l.separates(theta) {
		return nil, l.noOptimum(theta)
	}
	return theta, nil
}

// noOptimum says why there is none, after Newton's method came to θ.
func (l *Logistic) noOptimum(theta []float64) error {
	if l.separates(theta) {
		return errors.New("x separates the classes: the loss falls for ever as θ grows and there is no optimum; set Ridge")
	}
	return errors.New("the features are linearly dependent and there is no single optimum; leave some out, or set Ridge")
}

// separates tells whether θ has no example on the wrong side, to rounding, and some on the right one.
func (l *Logistic) separates(theta []float64) bool {
	margins := l.scores(theta)
	for i := range margins {
		margins[i] *= 2*l.y[i] - 1
	}
	return floats.Max(margins) > 0 && floats.Min(margins) >= -1e-12*floats.Max(margins)
}

// Accuracy returns the part of the examples whose class has a probability above ½.
func (l *Logistic) Accuracy(theta []float64) float64 {
	right := 0
	for i, z := range l.scores(theta) {
		if (2*l.y[i]-1)*z > 0 {
			right++
		}
	}
	return float64(right) / float64(len(l.y))
}

// scores returns Xθ.
func (l *Logistic) scores(theta []float64) []float64 {
	_, d := l.x.Dims()
	mustFit(theta, d)
	var z mat.VecDense
	z.MulVec(l.x, mat.NewVecDense(d, theta))
	return z.RawVector().Data
}

// residual returns σ(xᵢᵀθ) − yᵢ.
func (l *Logistic) residual(theta []float64) []float64 {
	residual := l.scores(theta)
	for i, z := range residual {
		residual[i] = Sigmoid.At(z)
	}
	floats.Sub(residual, l.y)
	return residual
}

// softplus returns log(1 + e^z).
func softplus(z float64) float64 { return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// softplusNode builds log(1 + e^z), with e^z taken out of the logarithm where z > 0. GoMLX's Softplus does so too, but
// takes scalars from its cache, see Quadratic.Loss.
func softplusNode(z *graph.Node) *graph.Node {
	one, zero := constant(z, 1), constant(z, 0)
	positive := graph.GreaterThan(z, zero)
	outside := graph.StopGradient(graph.Where(positive, one, zero))
	negate := graph.StopGradient(graph.Where(positive, constant(z, -1), one))
	return graph.Add(graph.Mul(outside, z), graph.Log1p(graph.Exp(graph.Mul(negate, z))))
}
