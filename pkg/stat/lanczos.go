package stat

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent.example/pkg/memory"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Lanczos returns the largest eigenvalue that a symmetric matrix H [dim, dim] shows in a number of products Hv, and its approximate
// eigenvector, of length 1: those of H on the space of the start v, Hv, H²v, …. The value is never above λ_max, and it is λ_max after dim products. With v
// nil the start is a fixed random direction. A v that is nearly the eigenvector, such as that of a matrix nearby, needs few products. hv must return a new
// slice each time, and must not change v.
//
// It is an error when dim or products is not positive, when v has another length or is 0, and when hv fails or returns what is not finite
// or not [dim].
//
// Source: Golub and Van Loan (2013), "Matrix Computations", section 10.1.
func Lanczos(hv func(v []float64) ([]float64, error), dim int, v []float64, products int) (lambda float64, direction []float64, err error) {
	if hv == nil {
		return 0, nil, errors.New("hv is nil: give the function that multiplies by the Hessian")
	}
	if dim < 1 || products < 1 {
		return 0, nil, fmt.Errorf("dim is %d and products is %d: both must be at least 1", dim, products)
	}
	if err := memory.Check(memory.Bytes(16, dim, min(products, dim)), "take fewer products", "%d products of %d dimensions", products, dim); err != nil {
		return 0, nil, err
	}
	if v == nil {
		v = anyDirection(dim)
	}
	if norm := floats.Norm(v, 2); len(v) != dim || !(norm > 0) || math.IsInf(norm, 0) {
		return 0, nil, fmt.Errorf("v has %d elements and the length %v: it must have %d and be neither 0 nor infinite", len(v), norm, dim)
	}
	var basis, images [][]float64 // orthonormal, and H times each
	next := slices.Clone(v)
	for range min(products, dim) {
		for range 2 { // once leaves rounding errors
			for _, q := range basis {
				floats.AddScaled(next, -floats.Dot(q, next), q)
			}
		}
		norm := floats.Norm(next, 2)
		if n := len(basis); n > 0 && norm <= 1e-12*floats.Norm(images[n-1], 2) {
			break // the space is H's own
		}
		floats.Scale(1/norm, next)
		image, _, err := multiply(hv, next)
		if err != nil {
			return 0, nil, err
		}
		basis, images = append(basis, next), append(images, image)
		next = slices.Clone(image)
	}
	within := mat.NewSymDense(len(basis), nil)
	for i := range basis {
		for j := range i + 1 {
			within.SetSym(i, j, floats.Dot(basis[i], images[j]))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(within, true) {
		return 0, nil, errors.New("the eigenvalues of the products could not be computed")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	top := len(basis) - 1
	direction = make([]float64, dim)
	for i, q := range basis {
		floats.AddScaled(direction, vectors.At(i, top), q)
	}
	return eigen.Values(nil)[top], direction, nil
}
