package theory

import "math"

// RobbinsMonro says of the schedule η_t = η₀/(1+t/τ)^power whether it goes on as long as it must, Σ η_t = ∞, so that θ
// gets to the optimum from anywhere (power ≤ 1), and whether it dies out as it must, Σ η_t² < ∞, so that noise does not
// keep θ away (power > ½). Under both SGD converges (claim S9).
//
// The second is more than is needed: on a quadratic E‖θ_t−θ*‖² goes to 0 for every power in (0, 1], see DecayExponent.
//
// Source: H. Robbins and S. Monro (1951), "A Stochastic Approximation Method", theorem 1 and 2.
func RobbinsMonro(power float64) (arrives, diesOut bool) { return power <= 1, power > 0.5 }

// DecayExponent returns the α with which E‖θ_t − θ*‖² falls as t^−α on a quadratic with noise, under the schedule
// η_t = η₀/(1+t/τ)^power (claim S9):
//
//	power ≤ 0 or power > 1   0: it stays at a floor, or stops on the way
//	0 < power < 1            power, as the variance follows η_t: σ²η_t/(2λ)
//	power = 1                min(1, 2λη₀τ): below ½ for λη₀τ what is left of the start falls more slowly than the noise
//
// λ is the least curvature, in whose direction it is slowest. At 2λη₀τ = 1 there is a factor log t beside t⁻¹.
//
// Sources: K. L. Chung (1954), "On a Stochastic Approximation Method", for power 1; F. Bach and E. Moulines (2011),
// "Non-Asymptotic Analysis of Stochastic Approximation Algorithms for Machine Learning", theorem 1.
func DecayExponent(power, eta0, tau, lambda float64) float64 {
	switch {
	case power == 1:
		return min(1, 2*lambda*eta0*tau)
	case power > 0 && power < 1:
		return power
	}
	return 0
}

// HeavyBallFactor returns by what heavy ball, θ_{t+1} = θ_t − η∇L(θ_t) + β(θ_t − θ_{t−1}), shrinks or stretches the
// distance to the optimum in a step along a direction of curvature λ, in the long run: the larger |z| of the roots of
//
//	z² − (1 + β − ηλ) z + β = 0
//
// For 0 ≤ β < 1 it is below 1 exactly when 0 < ηλ < 2(1+β). Where the roots are a complex pair it is √β, whatever λ.
//
// Source: B. Polyak (1964), "Some Methods of Speeding up the Convergence of Iteration Methods".
func HeavyBallFactor(eta, beta, lambda float64) float64 {
	b := 1 + beta - eta*lambda
	discriminant := b*b - 4*beta
	if discriminant < 0 {
		return math.Sqrt(beta)
	}
	return (math.Abs(b) + math.Sqrt(discriminant)) / 2
}

// OptimalHeavyBall returns the η and β for which the slowest direction is fastest, 4/(√λ_max + √λ_min)² and factor²,
// and the factor a step that they reach, (√κ−1)/(√κ+1) with κ = λ_max/λ_min: OptimalRate's with √κ for κ.
func OptimalHeavyBall(lambdaMin, lambdaMax float64) (eta, beta, factor float64) {
	sum := math.Sqrt(lambdaMax) + math.Sqrt(lambdaMin)
	factor = (math.Sqrt(lambdaMax) - math.Sqrt(lambdaMin)) / sum
	return 4 / (sum * sum), factor * factor, factor
}
