package theory

import (
	"errors"
	"fmt"
	"math"
)

// Interpolation is linear least squares that uses p of d Gaussian features, the shortest solution where there are several (claim W2).
// The targets are y = xᵀβ + noise with x ~ N(0, I_d); every feature has the same share of β.
type Interpolation struct {
	Examples int     // n, to learn from
	Features int     // d, that there are
	Signal   float64 // ‖β‖²
	Noise    float64 // the variance of the noise
}

// Risk returns the expected square error on an unseen example of the fit that uses the number p of features:
//
//	(u + noise)(1 + p/(n−p−1))                            p ≤ n − 2
//	∞                                                     n − 1 ≤ p ≤ n + 1
//	‖β‖²(p/d)(1 − n/p) + (u + noise)(1 + n/(p−n−1))       p ≥ n + 2
//
// with u = ‖β‖²(1 − p/d), the signal of the features left out. It is an error when p is not between 0 and d, when there are no examples or
// features, and when signal or noise are negative or not finite.
//
// Source: M. Belkin, D. Hsu and J. Xu (2020), "Two models of double descent for weak features", SIAM Journal on Mathematics of Data
// Science 2, theorem 1.
func (i Interpolation) Risk(p int) (float64, error) {
	switch {
	case i.Examples < 1 || i.Features < 1:
		return 0, fmt.Errorf("there are %d examples and %d features: there must be at least one of each", i.Examples, i.Features)
	case p < 0 || p > i.Features:
		return 0, fmt.Errorf("p is %d: it must be between 0 and the number of features, %d", p, i.Features)
	case !(i.Signal >= 0 && i.Noise >= 0 && i.Signal <= math.MaxFloat64 && i.Noise <= math.MaxFloat64):
		return 0, errors.New("signal and noise must be finite and not negative")
	}
	n, used := i.Examples, float64(p)/float64(i.Features)
	left := i.Signal*(1-used) + i.Noise
	switch {
	case p <= n-2:
		return left * (1 + float64(p)/float64(n-p-1)), nil
	case p <= n+1:
		return math.Inf(1), nil
	}
	return i.Signal*used*(1-float64(n)/float64(p)) + left*(1+float64(n)/float64(p-n-1)), nil
}
