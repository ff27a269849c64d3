// Package problem holds the losses L(θ) to be minimized, written for GoMLX, so that any backend can train them. Where there are
// formulas for the value, the gradient ∇L, the Hessian ∇²L or the optimum θ*, a problem computes them too, on the host in float64.
package problem

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/missing"
	"descent.example/pkg/memory"
)

// Problem is a loss to be minimized, written as GoMLX writes models.
type Problem interface {
	// Data returns the examples: tensors that share their leading axis, n; nil for a loss without data (a quadratic bowl).
	Data() []*tensors.Tensor
	// Loss builds the mean loss over a batch of the examples (one node for each tensor of Data, leading axis b) and
	// makes the parameters as trainable variables of scope. Returns a scalar.
	Loss(scope *model.Scope, g *graph.Graph, batch []*graph.Node) *graph.Node
}

// Smooth is a loss known in closed form, over all examples, on the host: what theory and figures hold a run against.
// θ is [d]; another length is a programming error and panics.
type Smooth interface {
	// Value returns L(θ).
	Value(theta []float64) float64
	// Gradient returns ∇L(θ), [d].
	Gradient(theta []float64) []float64
	// Hessian returns ∇²L(θ), [d, d]; the loss is quadratic where it does not depend on θ.
	Hessian(theta []float64) *mat.SymDense
	// Optimum returns θ*, where L is least, [d]. It is an error when there is no single one.
	Optimum() ([]float64, error)
}

// Eigen returns the eigenvalues of a Hessian, ascending, and its eigenvectors, in the columns of vectors: the curvatures of
// the loss and their directions. It is an error when the Hessian is empty or not finite.
func Eigen(hessian mat.Symmetric) (lambda []float64, vectors *mat.Dense, err error) {
	if missing.Any(hessian) || hessian.SymmetricDim() == 0 {
		return nil, nil, errors.New("the Hessian is empty")
	}
	if norm := mat.Norm(hessian, 1); !finite(norm) {
		return nil, nil, errors.New("the Hessian is not finite: it has no eigenvalues")
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(hessian, true) {
		return nil, nil, errors.New("the eigenvalues of the Hessian could not be computed")
	}
	vectors = new(mat.Dense)
	eigen.VectorsTo(vectors)
	return eigen.Values(nil), vectors, nil
}

// parameters makes θ of a linear problem, the trainable variable "theta" [d] of scope, and returns its node.
func parameters(scope *model.Scope, g *graph.Graph, dtype dtypes.DType, start []float64, d int) *graph.Node {
	if d == 0 {
		panic(errZero)
	}
	if err := checkVector("Start", start, d); err != nil {
		panic(err)
	}
	return scope.VariableWithValue("theta", tensorOf(dtype, start, d)).NodeValue(g)
}

// constant is a scalar of the same function of the graph and type as another node: one of GoMLX's cache could be another
// function's, and could not be used in a loop's body.
func constant(like *graph.Node, value float64) *graph.Node {
	return graph.Const(like.Graph(), shapes.CastAsDType(value, like.DType()))
}

// mean builds the mean of a vector's elements, a scalar. It is a dot product for the reason given in Quadratic.Loss.
func mean(v *graph.Node) *graph.Node {
	b := v.Shape().Size()
	return graph.Dot(graph.BroadcastToDims(constant(v, 1/float64(b)), b), v).Product()
}

// linearBatch returns the features and targets of a linear problem's batch. It panics when they do not fit.
func linearBatch(problem, targets string, batch []*graph.Node, d int) (x, y *graph.Node) {
	if len(batch) != 2 {
		panic(fmt.Errorf("batch has %d nodes: %s needs two, features [b, %d] and %s [b]", len(batch), problem, d, targets))
	}
	x, y = batch[0], batch[1]
	if x.Rank() != 2 || x.Shape().Dim(1) != d || y.Rank() != 1 || y.Shape().Dim(0) != x.Shape().Dim(0) {
		panic(fmt.Errorf("batch is %s and %s: %s needs features [b, %d] and %s [b]", x.Shape(), y.Shape(), problem, d, targets))
	}
	return x, y
}

// tensorOf converts finite values on the host to a tensor of the dtype and dimensions given.
func tensorOf(dtype dtypes.DType, values []float64, dimensions ...int) *tensors.Tensor {
	switch dtype {
	case dtypes.InvalidDType, dtypes.Float32:
		single := make([]float32, len(values))
		for i, v := range values {
			if single[i] = float32(v); math.IsInf(float64(single[i]), 0) {
				panic(fmt.Errorf("%v does not fit into Float32: set DType to Float64, or choose another unit", v))
			}
		}
		return tensors.FromFlatDataAndDimensions(single, dimensions...)
	case dtypes.Float64:
		return tensors.FromFlatDataAndDimensions(values, dimensions...)
	}
	panic(fmt.Errorf("DType is %s: it must be Float32 (or left out) or Float64", dtype))
}

// checkFeatures says what is wrong with features, which must be [n, d], finite.
func checkFeatures(x *mat.Dense) error {
	if x == nil || x.IsEmpty() {
		return errors.New("x is empty: give at least one example with one feature")
	}
	n, d := x.Dims()
	for i := range n {
		for j := range d {
			if !finite(x.At(i, j)) {
				return fmt.Errorf("x[%d, %d] is %v: it must be a finite number", i, j, x.At(i, j))
			}
		}
	}
	return nil
}

// checkLabels says what is wrong with features and their classes, and returns the classes as numbers.
func checkLabels(x *mat.Dense, labels []int, classes int) ([]float64, error) {
	if err := checkFeatures(x); err != nil {
		return nil, err
	}
	if n, _ := x.Dims(); len(labels) != n {
		return nil, fmt.Errorf("labels has %d elements and x has %d rows: they must be as many", len(labels), n)
	}
	y := make([]float64, len(labels))
	for i, label := range labels {
		if label < 0 || label >= classes {
			return nil, fmt.Errorf("labels[%d] is %d: it must be a class, 0 to %d", i, label, classes-1)
		}
		y[i] = float64(label)
	}
	return y, nil
}

// checkVector says what is wrong with a vector that must have d finite elements.
func checkVector(name string, v []float64, d int) error {
	if len(v) != d {
		return fmt.Errorf("%s has %d elements: it must have %d, one for each parameter", name, len(v), d)
	}
	for i, x := range v {
		if !finite(x) {
			return fmt.Errorf("%s[%d] is %v: it must be a finite number", name, i, x)
		}
	}
	return nil
}

var errZero = errors.New("the problem is a zero value, without anything to minimize: make it with its constructor, such as NewQuadratic or NewNet")

// mustBeMade panics when a problem has no data, as one that no constructor made.
func mustBeMade(data *mat.Dense) {
	if data == nil {
		panic(errZero)
	}
}

// mustFit panics when θ does not have d elements.
func mustFit(theta []float64, d int) {
	if len(theta) != d {
		panic(fmt.Sprintf("theta has %d elements: it must have %d, one for each parameter", len(theta), d))
	}
}

// checkMemory says that a matrix cannot have these numbers of rows and columns, or that the matrix and its copies would not fit into
// memory.
func checkMemory(rows, columns int) error {
	if rows < 1 || columns < 1 {
		return fmt.Errorf("there are %d × %d numbers to make: each must be at least 1", rows, columns)
	}
	const copies = 4
	return memory.Check(memory.Bytes(8*copies, rows, columns), "lower them", "work on %d × %d numbers", rows, columns)
}

// mustHaveMemory panics where checkMemory has an error.
func mustHaveMemory(rows, columns int) {
	if err := checkMemory(rows, columns); err != nil {
		panic(err)
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
