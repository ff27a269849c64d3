package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// RandomLeastSquares makes a regression of n examples and d features, drawn by the seed, of which the Hessian XᵀX/n has
// the eigenvalues given in spectrum, min(n, d) of them, along directions drawn uniformly. The targets are yᵢ = xᵢᵀθ° +
// noise·εᵢ, with θ° (truth, [d]) and ε standard normally distributed.
//
// With n > d the noise remains at the optimum, where each example still pulls its way. With d ≥ n and a spectrum
// without zeros every example can be fitted, noise and all: at such a θ all gradients are 0, and with them SGD's noise
// (claim S11). There, with d > n, the other eigenvalues are 0 and there is no single optimum, see
// LeastSquares.MinimumNorm.
//
// It is an error when n or d is below 1, when the spectrum has another length, or when a λ or the noise is negative or
// not finite.
func RandomLeastSquares(n, d int, spectrum []float64, noise float64, seed int) (
	fit *LeastSquares, truth []float64, err error,
) {
	if n < 1 || d < 1 {
		return nil, nil, fmt.Errorf("n is %d and d is %d: each must be at least 1", n, d)
	}
	if err := checkMemory(n, d); err != nil {
		return nil, nil, err
	}
	rank := min(n, d)
	if len(spectrum) != rank {
		return nil, nil, fmt.Errorf("spectrum has %d eigenvalues: %d examples of %d features need %d",
			len(spectrum), n, d, rank)
	}
	for i, lambda := range spectrum {
		if !finite(lambda) || lambda < 0 {
			return nil, nil, fmt.Errorf("spectrum[%d] is %v: it must be finite and not negative", i, lambda)
		}
	}
	if err := checkNoise(noise); err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	// X = U S Vᵀ, with the singular values √(nλ).
	u, v := orthonormal(gaussian(n, rank, rng)), orthonormal(gaussian(d, rank, rng))
	s := make([]float64, rank)
	for i, lambda := range spectrum {
		s[i] = math.Sqrt(float64(n) * lambda)
	}
	x := new(mat.Dense)
	x.Product(u, mat.NewDiagDense(rank, s), v.T())
	truth = gaussian(1, d, rng).RawRowView(0)
	y := make([]float64, n)
	for i := range y {
		y[i] = floats.Dot(x.RawRowView(i), truth) + noise*rng.NormFloat64()
	}
	fit, err = NewLeastSquares(x, y)
	return fit, truth, err
}

// Stream is least squares whose examples come in order while what they are to be fitted with moves: yₜ = xₜᵀθ*ₜ + noise
// (claim S14). The loss over all examples, and its Optimum, are those of a fit that takes no notice of time.
type Stream struct {
	*LeastSquares
	// Moving is θ*ₜ, one a row, [n, d].
	Moving *mat.Dense
}

// NewStream makes one example for each row of moving, θ*ₜ: features xₜ drawn from the standard normal distribution by
// the seed, so that the Hessian is the identity but for what a sample scatters, and targets with noise of that standard
// deviation. Start is set to the origin. It is an error when moving is empty or not finite, or the noise negative or
// not finite.
func NewStream(moving *mat.Dense, noise float64, seed int) (*Stream, error) {
	if moving == nil || moving.IsEmpty() {
		return nil, errors.New("moving is empty: give at least one row")
	}
	if err := checkNoise(noise); err != nil {
		return nil, err
	}
	n, d := moving.Dims()
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	x, y := gaussian(n, d, rng), make([]float64, n)
	for t := range y {
		if err := checkVector(fmt.Sprintf("moving[%d]", t), moving.RawRowView(t), d); err != nil {
			return nil, err
		}
		y[t] = floats.Dot(x.RawRowView(t), moving.RawRowView(t)) + noise*rng.NormFloat64()
	}
	fit, err := NewLeastSquares(x, y)
	if err != nil {
		return nil, err
	}
	return &Stream{fit, mat.DenseCopyOf(moving)}, nil
}

// Walk returns n places of a random walk of d dimensions, drawn by the seed: from the origin, each a step of
// independent normal components of the standard deviation given from the one before, [n, d]. It panics when n or d is
// below 1, or the walk would not fit into memory.
func Walk(n, d int, step float64, seed int) *mat.Dense {
	mustHaveMemory(n, d)
	walk := gaussian(n, d, rand.New(rand.NewPCG(uint64(seed), 1)))
	walk.Scale(step, walk)
	clear(walk.RawRowView(0))
	for t := 1; t < n; t++ {
		floats.Add(walk.RawRowView(t), walk.RawRowView(t-1))
	}
	return walk
}

// Circle returns n places on a circle around the origin, starting at (radius, 0), [n, 2]; one round takes period
// places. It panics when n is below 1, or the circle would not fit into memory.
func Circle(n int, radius, period float64) *mat.Dense {
	mustHaveMemory(n, 2)
	circle := mat.NewDense(n, 2, nil)
	for t := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(t) / period)
		circle.SetRow(t, []float64{radius * cos, radius * sin})
	}
	return circle
}

func checkNoise(noise float64) error {
	if !finite(noise) || noise < 0 {
		return fmt.Errorf("noise is %v: it must be a standard deviation, finite and not negative", noise)
	}
	return nil
}
