package problem

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/floats"
)

// Regularizer is R(θ) = ½ Ridge ‖θ‖² + L1 ‖θ‖₁, which a loss has beside the mean over its examples (claim G6); the zero
// Regularizer is none. A batch's loss has all of R, so that its gradient remains unbiased.
type Regularizer struct {
	// Ridge ≥ 0 draws θ to the origin. It is scikit-learn's alpha/n of Ridge, or 1/(nC) of LogisticRegression.
	Ridge float64
	// L1 ≥ 0 makes elements of the optimum exactly 0. R has a kink there: Gradient is then a subgradient, which takes
	// 0 of sign(0), and Hessian that where no element is 0.
	L1 float64
}

// checkPenalty says what is wrong with the strengths.
func (r Regularizer) checkPenalty() error {
	name, strength := "Ridge", r.Ridge
	if finite(strength) && strength >= 0 {
		name, strength = "L1", r.L1
	}
	if !finite(strength) || strength < 0 {
		return fmt.Errorf("%s is %v: it must be a finite number, at least 0", name, strength)
	}
	return nil
}

// penalty returns R(θ).
func (r Regularizer) penalty(theta []float64) float64 {
	return r.Ridge/2*floats.Dot(theta, theta) + r.L1*floats.Norm(theta, 1)
}

// addPenaltyGradient adds ∇R(θ).
func (r Regularizer) addPenaltyGradient(gradient, theta []float64) {
	for i, v := range theta {
		gradient[i] += r.Ridge*v + r.L1*sign(v)
	}
}

// penalize adds R(θ) to a loss. It panics when a strength is not what it must be.
func (r Regularizer) penalize(loss, theta *graph.Node) *graph.Node {
	if err := r.checkPenalty(); err != nil {
		panic(err)
	}
	if r.Ridge > 0 {
		square := graph.Dot(theta, theta).Product()
		loss = graph.Add(loss, graph.Mul(constant(theta, r.Ridge/2), square))
	}
	if r.L1 > 0 {
		norm := graph.Dot(graph.Sign(theta), theta).Product()
		loss = graph.Add(loss, graph.Mul(constant(theta, r.L1), norm))
	}
	return loss
}

// softThreshold is the x that makes ½(x−v)² + t|x| least: v, moved toward 0 by t.
func softThreshold(v, t float64) float64 { return math.Copysign(max(math.Abs(v)-t, 0), v) }

func sign(v float64) float64 {
	if v == 0 {
		return 0
	}
	return math.Copysign(1, v)
}
