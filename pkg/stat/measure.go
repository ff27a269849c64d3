package stat

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"descent.example/pkg/memory"
	"gonum.org/v1/gonum/floats"
)

// PowerIteration returns the eigenvalue of largest absolute value of a symmetric matrix H [dim, dim], which for a convex
// loss is λ_max of its Hessian, and its eigenvector, of length 1. H is known only by its products: hv returns Hv and is
// not to keep v. The iteration v ← Hv/‖Hv‖ starts in a fixed random direction and ends when ‖Hv − λv‖ ≤ tolerance·|λ|,
// with λ = vᵀHv: then an eigenvalue of H lies within tolerance·|λ| of λ.
//
// It is an error when dim or tolerance is not positive, when hv fails or returns what is not finite or not [dim], and when
// 10,000 products were not enough: as when +λ and −λ are eigenvalues alike.
//
// Source: Golub and Van Loan (2013), "Matrix Computations", section 8.2.1; for the bound Parlett (1998), "The Symmetric
// Eigenvalue Problem", theorem 4.5.1.
func PowerIteration(hv func(v []float64) ([]float64, error), dim int, tolerance float64) (lambda float64, v []float64, err error) {
	if hv == nil {
		return 0, nil, errors.New("hv is nil: give the function that multiplies by the Hessian")
	}
	if dim < 1 {
		return 0, nil, fmt.Errorf("dim is %d: the matrix must have at least one dimension", dim)
	}
	if err := memory.Check(memory.Bytes(32, dim), "lower dim", "vectors of %d dimensions", dim); err != nil {
		return 0, nil, err
	}
	if !(tolerance > 0) || math.IsInf(tolerance, 0) {
		return 0, nil, fmt.Errorf("tolerance is %v: it must be positive and finite", tolerance)
	}
	v = anyDirection(dim)
	floats.Scale(1/floats.Norm(v, 2), v)
	residual := make([]float64, dim)
	for range 10_000 {
		product, norm, err := multiply(hv, v)
		if err != nil {
			return 0, nil, err
		}
		lambda = floats.Dot(v, product)
		floats.AddScaledTo(residual, product, -lambda, v)
		if floats.Norm(residual, 2) <= tolerance*math.Abs(lambda) {
			return lambda, v, nil
		}
		floats.ScaleTo(v, 1/norm, product)
	}
	return 0, nil, fmt.Errorf("10,000 products did not bring the residual below tolerance %v: raise it, or the two largest eigenvalues differ only in sign", tolerance)
}

// anyDirection is a vector of dim random elements, always the same.
func anyDirection(dim int) []float64 {
	rng := rand.New(rand.NewPCG(1, 0))
	v := make([]float64, dim)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// multiply returns Hv and its length. It is an error when hv fails, and when it returns what is not finite or has another number of elements than v.
func multiply(hv func(v []float64) ([]float64, error), v []float64) (product []float64, norm float64, err error) {
	product, err = hv(v)
	if err != nil {
		return nil, 0, fmt.Errorf("multiplying by the Hessian: %w", err)
	}
	if len(product) != len(v) {
		return nil, 0, fmt.Errorf("hv returned %d elements: it must return %d, as many as it was given", len(product), len(v))
	}
	norm = floats.Norm(product, 2)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return nil, 0, errors.New("hv returned what is not finite: the Hessian has no eigenvalues there")
	}
	return product, norm, nil
}

// BisectThreshold returns the learning rate at which training begins to diverge, measured: diverges trains at the rate η
// and says whether that run diverged (a loss that is NaN has). low must converge and high diverge, 0 < low < high; the
// interval between them is halved until it is no wider than tolerance·η, and its middle returned, which so is within
// tolerance/2, relative, of a threshold. A run that is cut short misses slow divergence: let it go on for many times
// 1/tolerance steps.
//
// It is an error when low, high or tolerance are out of these bounds, when low diverges or high does not, or when
// diverges fails.
func BisectThreshold(diverges func(eta float64) (bool, error), low, high, tolerance float64) (float64, error) {
	if diverges == nil {
		return 0, errors.New("diverges is nil: give the function that trains")
	}
	if !(low > 0 && low < high) || math.IsInf(high, 0) {
		return 0, fmt.Errorf("low is %v and high is %v: the learning rates must be positive and finite, low below high", low, high)
	}
	const least = 4 * 0x1p-52 // below this the middle may round to one of the ends
	if !(tolerance >= least) || tolerance >= 1 {
		return 0, fmt.Errorf("tolerance is %v: it must be at least %v and below 1", tolerance, least)
	}
	for _, end := range []struct {
		name string
		eta  float64
		want bool
	}{{"low", low, false}, {"high", high, true}} {
		diverged, err := diverges(end.eta)
		if err != nil {
			return 0, fmt.Errorf("training at rate %v: %w", end.eta, err)
		}
		if diverged && !end.want {
			return 0, fmt.Errorf("low is %v, and training diverges there already: choose a smaller one", end.eta)
		}
		if !diverged && end.want {
			return 0, fmt.Errorf("high is %v, and training does not diverge there: choose a larger one", end.eta)
		}
	}
	for high-low > tolerance*low {
		middle := low + (high-low)/2
		diverged, err := diverges(middle)
		if err != nil {
			return 0, fmt.Errorf("training at rate %v: %w", middle, err)
		}
		if diverged {
			high = middle
		} else {
			low = middle
		}
	}
	return low + (high-low)/2, nil
}
