package theory

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// The functions of this file are about a run at a constant rate η along one eigen-direction of curvature λ, 0 < ηλ < 2,
// once it is stationary: an AR(1) process with factor ρ = 1 − ηλ and the variance that SGD.Stationary gives (claim
// S10). In continuous time, for ηλ ≪ 1, it is an Ornstein–Uhlenbeck process with correlation time 1/(ηλ) steps.

// Autocorrelation returns the autocorrelation ρ^lag of SGD's iterates that are lag ≥ 0 steps apart. It is also that of the steps of
// gradient descent without noise, over many steps: near the threshold, −1 from one step to the next.
func Autocorrelation(eta, lambda float64, lag int) float64 {
	return math.Pow(Factor(eta, lambda), float64(lag))
}

// StepAutocorrelation returns the autocorrelation of SGD's steps θ_{t+1} − θ_t at a lag ≥ 0: 1 at 0, and beyond it
// −½ηλ ρ^(lag−1). For small ηλ it is nearly 0: the steps are those of a random walk, held together by what remains.
func StepAutocorrelation(eta, lambda float64, lag int) float64 {
	if lag == 0 {
		return 1
	}
	return -eta * lambda / 2 * math.Pow(Factor(eta, lambda), float64(lag-1))
}

// SquaredDisplacement returns E(θ_{t+lag} − θ_t)² of stationary iterates of the variance given, 2·variance·(1 − ρ^lag):
// as a random walk's it grows with the lag, up to 1/(ηλ) steps or so, and then stays at twice the variance.
func SquaredDisplacement(eta, lambda, variance float64, lag int) float64 {
	return 2 * variance * (1 - math.Pow(Factor(eta, lambda), float64(lag)))
}

// PowerSpectrum returns that of stationary iterates of the variance given at ω radians a step, Σ_k Cov(θ_{t+k}, θ_t)
// e^(−iωk) = variance·(1 − ρ²)/(1 − 2ρ cos ω + ρ²). Its mean over −π ≤ ω ≤ π is the variance. For ηλ < 1 it is
// low-pass, as a walk's; for ηλ > 1 its peak is at π, an oscillation.
func PowerSpectrum(eta, lambda, variance, omega float64) float64 {
	rho := Factor(eta, lambda)
	return variance * (1 - rho*rho) / (1 - 2*rho*math.Cos(omega) + rho*rho)
}

// Ellipse returns where the level set xᵀC⁻¹x = sigmas² of a covariance C [2, 2] lies: its semi-axes, major ≥ minor, and
// the angle of the major one to the first coordinate, in [−π/2, π/2]. Of normally distributed points it holds the part
// 1 − exp(−sigmas²/2): 39 % at 1, 86 % at 2. It is an error when C is not [2, 2] or not a covariance.
func Ellipse(covariance mat.Symmetric, sigmas float64) (major, minor, angle float64, err error) {
	if n := sizeOf(covariance); n != 2 {
		return 0, 0, 0, fmt.Errorf("covariance has the size %d: an ellipse needs 2", n)
	}
	if !(sigmas > 0) || math.IsInf(sigmas, 0) {
		return 0, 0, 0, fmt.Errorf("sigmas is %v: it must be positive and finite", sigmas)
	}
	variances, _, err := covarianceEigen("covariance", covariance)
	if err != nil {
		return 0, 0, 0, err
	}
	angle = math.Atan2(2*covariance.At(0, 1), covariance.At(0, 0)-covariance.At(1, 1)) / 2
	return sigmas * math.Sqrt(variances[1]), sigmas * math.Sqrt(max(variances[0], 0)), angle, nil
}
