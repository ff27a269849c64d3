// Package theory computes what mathematics predicts of gradient descent, θ_{t+1} = θ_t − η∇L(θ_t), so that measurements can be
// compared with it. On a quadratic with Hessian A = Q Λ Qᵀ, every step multiplies the error along eigenvector i by 1 − ηλᵢ:
//
//	θ_t = θ* + Q (I − ηΛ)^t Qᵀ (θ₀ − θ*)
//
// So if all λᵢ are positive, descent converges from every θ₀ if and only if 0 < η < 2/λ_max. Descent computes this. SGD does the
// same for batches, where theory gives the mean and the covariance of θ_t. GradientNoise is the noise that causes this
// covariance. Package stat says how sure a measured number is.
//
// Sources: lecture section 1 (claims G3, G4, G5; S2 to S14 at SGD and GradientNoise); G. Goh (2017), "Why Momentum
// Really Works", Distill, for the eigen-directions; Y. Nesterov (2004), "Introductory Lectures on Convex Optimization",
// section 2.1.5, for the best rate.
package theory

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"descent.example/internal/missing"
	"descent.example/pkg/problem"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Factor returns 1 − ηλ, by which one step multiplies the distance to the optimum along a direction of curvature λ. Its
// absolute value is the contraction factor; a negative one changes the side.
func Factor(eta, lambda float64) float64 { return 1 - eta*lambda }

// StabilityThreshold returns 2/λ_max: descent converges for 0 < η below it and diverges above it. For λ_max = 0 it is +Inf.
func StabilityThreshold(lambdaMax float64) float64 { return 2 / lambdaMax }

// OptimalRate returns the constant η for which the slowest direction is fastest, 2/(λ_max + λ_min), and the contraction
// factor per step that it reaches, (κ−1)/(κ+1) with κ = λ_max/λ_min.
func OptimalRate(lambdaMin, lambdaMax float64) (eta, factor float64) {
	return 2 / (lambdaMax + lambdaMin), (lambdaMax - lambdaMin) / (lambdaMax + lambdaMin)
}

// Regime is what descent does along one direction.
type Regime int

const (
	// Undefined: ηλ is not a number.
	Undefined Regime = iota
	// Still: ηλ = 0, no motion at all.
	Still
	// Monotone: 0 < ηλ ≤ 1, the distance shrinks from one side; at ηλ = 1 one step arrives.
	Monotone
	// Oscillating: 1 < ηλ < 2, the distance shrinks and changes sides at every step.
	Oscillating
	// Bouncing: ηλ = 2, from side to side for ever.
	Bouncing
	// Diverging: ηλ > 2 or ηλ < 0, the distance grows.
	Diverging
)

// RegimeOf returns what descent at rate η does along a direction of curvature λ.
func RegimeOf(eta, lambda float64) Regime {
	switch step := eta * lambda; {
	case math.IsNaN(step):
		return Undefined
	case step == 0:
		return Still
	case step < 0 || step > 2:
		return Diverging
	case step == 2:
		return Bouncing
	case step > 1:
		return Oscillating
	}
	return Monotone
}

// String returns the regime's name, in lower case.
func (r Regime) String() string {
	names := []string{"undefined", "still", "monotone", "oscillating", "bouncing", "diverging"}
	if r < 0 || int(r) >= len(names) {
		return fmt.Sprintf("Regime(%d)", int(r))
	}
	return names[r]
}

// Descent is gradient descent on a convex quadratic, solved. NewDescent makes one.
type Descent struct {
	// Lambda are the eigenvalues of the Hessian, ascending, [d].
	Lambda []float64
	// Vectors are its eigenvectors, in columns, [d, d].
	Vectors *mat.Dense
	// Optimum is θ*, [d].
	Optimum []float64
	// Floor is L(θ*), the least loss.
	Floor float64
}

// NewDescent takes the optimum of p and its Hessian there. What follows from them is exact when p is quadratic and
// holds near the optimum when it is not. It is an error when p has no single optimum, or is not convex there.
func NewDescent(p problem.Smooth) (*Descent, error) {
	if missing.Any(p) {
		return nil, errors.New("NewDescent needs a problem; it is nil")
	}
	optimum, err := p.Optimum()
	if err != nil {
		return nil, fmt.Errorf("taking the optimum: %w", err)
	}
	lambda, vectors, err := problem.Eigen(p.Hessian(optimum))
	if err != nil {
		return nil, fmt.Errorf("taking the curvatures at the optimum: %w", err)
	}
	// An eigenvalue that is zero is computed as anything within rounding of λ_max.
	rounding := float64(len(lambda)) * DoublePrecision * math.Abs(lambda[len(lambda)-1])
	if lambda[0] < -rounding {
		return nil, fmt.Errorf("the loss is not convex at its optimum: the least eigenvalue of the Hessian is %v", lambda[0])
	}
	for i := range lambda {
		lambda[i] = max(lambda[i], 0)
	}
	return &Descent{Lambda: lambda, Vectors: vectors, Optimum: optimum, Floor: p.Value(optimum)}, nil
}

// Components returns Qᵀ(θ − θ*), the distance to the optimum along each eigen-direction, [d].
func (d *Descent) Components(theta []float64) []float64 {
	if len(theta) != len(d.Optimum) {
		panic(fmt.Sprintf("theta has %d elements: it must have %d, one for each parameter", len(theta), len(d.Optimum)))
	}
	offset := make([]float64, len(theta))
	floats.SubTo(offset, theta, d.Optimum)
	var components mat.VecDense
	components.MulVec(d.Vectors.T(), mat.NewVecDense(len(offset), offset))
	return components.RawVector().Data
}

// Shares returns the part of the excess loss L(θ) − L(θ*) that lies along each eigen-direction, ½λᵢcᵢ² over their sum, [d]. At the
// optimum all are NaN.
func (d *Descent) Shares(theta []float64) []float64 {
	shares := d.Components(theta)
	for i, c := range shares {
		shares[i] = d.Lambda[i] * c * c
	}
	floats.Scale(1/floats.Sum(shares), shares)
	return shares
}

// Iterate returns θ_t, [d], after t ≥ 0 steps at rate η from start, θ₀: without taking the steps.
func (d *Descent) Iterate(eta float64, start []float64, t int) []float64 {
	var theta mat.VecDense
	theta.MulVec(d.Vectors, mat.NewVecDense(len(start), d.after(eta, d.Components(start), t)))
	floats.Add(theta.RawVector().Data, d.Optimum)
	return theta.RawVector().Data
}

// Loss returns L(θ_t) = L(θ*) + ½ Σᵢ λᵢ cᵢ² (1−ηλᵢ)^{2t}, with cᵢ the components of start, θ₀; t ≥ 0.
func (d *Descent) Loss(eta float64, start []float64, t int) float64 {
	return d.Floor + d.excess(eta, d.Components(start), t)
}

// Steps returns the least t with L(θ_t) − L(θ*) ≤ ε (L(θ₀) − L(θ*)), claim G5. It is an error when η or ε is not positive
// and finite, or when the rate is such that the loss never gets there: at or above the stability threshold, or so small
// that it would take more than 2⁵³ steps.
func (d *Descent) Steps(eta float64, start []float64, epsilon float64) (int, error) {
	if !(eta > 0) || math.IsInf(eta, 0) {
		return 0, fmt.Errorf("eta is %v: the learning rate must be positive and finite", eta)
	}
	if !(epsilon > 0) || math.IsInf(epsilon, 0) {
		return 0, fmt.Errorf("epsilon is %v: the relative loss to reach must be positive and finite", epsilon)
	}
	if threshold := StabilityThreshold(d.Lambda[len(d.Lambda)-1]); eta >= threshold {
		return 0, fmt.Errorf("eta is %v: at or above the stability threshold %v descent never arrives", eta, threshold)
	}
	// Below the threshold the loss falls at every step, so that the least t can be bracketed and bisected.
	// The components are in a unit in which the square of the greatest is within float64.
	components := d.Components(start)
	greatest := 0.0
	for i, lambda := range d.Lambda {
		greatest = max(greatest, math.Sqrt(lambda)*math.Abs(components[i]))
	}
	_, unit := math.Frexp(greatest)
	for i, c := range components {
		components[i] = math.Ldexp(c, -unit)
	}
	goal := epsilon * d.excess(eta, components, 0)
	reached := func(t int) bool { return d.excess(eta, components, t) <= goal }
	if reached(0) {
		return 0, nil
	}
	low, high := 0, 1
	for !reached(high) {
		if high >= 1<<53 {
			return 0, fmt.Errorf("eta is %v: more than 2^53 steps would be needed", eta)
		}
		low, high = high, 2*high
	}
	return low + sort.Search(high-low, func(t int) bool { return reached(low + t) }), nil
}

// excess returns L(θ_t) − L(θ*) from the components of θ₀, without the cancellation of taking it as a difference.
func (d *Descent) excess(eta float64, components []float64, t int) float64 {
	sum := 0.0
	for i, c := range d.after(eta, components, t) {
		sum += d.Lambda[i] * c * c / 2
	}
	return sum
}

// after returns the components of θ_t, (I − ηΛ)^t Qᵀ (θ₀ − θ*), from those of θ₀.
func (d *Descent) after(eta float64, components []float64, t int) []float64 {
	if t < 0 {
		panic(fmt.Sprintf("t is %d: the number of steps must not be negative", t))
	}
	components = slices.Clone(components)
	for i, lambda := range d.Lambda {
		components[i] *= math.Pow(Factor(eta, lambda), float64(t))
	}
	return components
}
