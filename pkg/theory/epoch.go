package theory

import "math"

// The functions of this file are about SGD at a constant rate η that goes through the data in epochs of m batches (claims S12,
// S13), along one eigen-direction of curvature λ, 0 < ηλ < 2. The noise is that of the optimum at every θ, which holds for small
// ηλ. Within an epoch the noises of the m batches sum to 0: two of them have the covariance −variance/(m−1), where variance is that
// of one batch's gradient. Of batches drawn with replacement the variance of θ would be η·variance/(λ(2−ηλ)) at all steps.

// ReshuffledVariance returns the variance of θ along the direction after r steps of an epoch, 0 ≤ r ≤ m, in the long run, when the
// data are reshuffled before every epoch. With ρ = 1 − ηλ, A_r = Σ_{i<r} ρ^{2i} and B_r = Σ_{i<r} ρ^i it is
//
//	ρ^{2r} S_m/(1−ρ^{2m}) + S_r,    S_r = η²·variance·(m A_r − B_r²)/(m−1)
//
// It is least between two epochs, and greatest within. It panics when m is less than 1 or r is not between 0 and m. For m = 1 there
// is no noise.
func ReshuffledVariance(eta, lambda, variance float64, m, r int) float64 {
	mustBeIn(m, r)
	if m == 1 {
		return 0
	}
	rho := Factor(eta, lambda)
	started := epochNoise(eta, rho, variance, m, m) / (1 - math.Pow(rho, float64(2*m)))
	return math.Pow(rho, float64(2*r))*started + epochNoise(eta, rho, variance, m, r)
}

// ShuffledOnceVariance is ReshuffledVariance over random orders each of which is kept in all epochs: S_m/(1−ρ^m)², at every step. It
// panics when m is less than 1.
func ShuffledOnceVariance(eta, lambda, variance float64, m int) float64 {
	mustBeIn(m, m)
	if m == 1 {
		return 0
	}
	rho := Factor(eta, lambda)
	return epochNoise(eta, rho, variance, m, m) / math.Pow(1-math.Pow(rho, float64(m)), 2)
}

// epochNoise is S_r, the variance of what the noise of the first r of m batches comes to.
func epochNoise(eta, rho, variance float64, m, r int) float64 {
	a := (1 - math.Pow(rho, float64(2*r))) / (1 - rho*rho)
	b := (1 - math.Pow(rho, float64(r))) / (1 - rho)
	return max(0, eta*eta*variance*(float64(m)*a-b*b)/float64(m-1))
}

func mustBeIn(m, r int) {
	if m < 1 || r < 0 || r > m {
		panic("an epoch has m ≥ 1 batches, of which 0 ≤ r ≤ m are done")
	}
}
