// Package problem holds what is minimised: losses L(θ) written for GoMLX, so that a run can be trained on any backend,
// each with what mathematics knows of it on the host in float64: value, gradient ∇L, Hessian ∇²L, optimum θ*.
package problem

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"
)

// Problem is a loss to be minimised, written as GoMLX writes models.
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
	if hessian.SymmetricDim() == 0 {
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
	if err := checkVector("Start", start, d); err != nil {
		panic(err)
	}
	return scope.VariableWithValue("theta", tensorOf(dtype, start, d)).NodeValue(g)
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

// mustFit panics when θ does not have d elements.
func mustFit(theta []float64, d int) {
	if len(theta) != d {
		panic(fmt.Sprintf("theta has %d elements: it must have %d, one for each parameter", len(theta), d))
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
