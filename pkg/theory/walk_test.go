package theory_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// All follow from the autocovariance Γ(k) = C ρ^|k|, taken here as it stands.
func TestWalkFollowsFromTheAutocovariance(t *testing.T) {
	const variance = 3
	for _, c := range []struct{ eta, lambda float64 }{{0.1, 2}, {0.25, 4}, {0.7, 2}, {0.475, 4}} {
		rho := 1 - c.eta*c.lambda
		gamma := func(k int) float64 {
			product := float64(variance)
			for range max(k, -k) {
				product *= rho
			}
			return product
		}
		step := func(k int) float64 { return 2*gamma(k) - gamma(k-1) - gamma(k+1) }
		for lag := range 6 {
			require.InDelta(t, gamma(lag)/gamma(0), theory.Autocorrelation(c.eta, c.lambda, lag), 1e-14)
			require.InDelta(t, step(lag)/step(0), theory.StepAutocorrelation(c.eta, c.lambda, lag), 1e-14)
			square := theory.SquaredDisplacement(c.eta, c.lambda, variance, lag)
			require.InDelta(t, 2*(gamma(0)-gamma(lag)), square, 1e-14)
		}
		mean := 0.0
		for i := range 1000 {
			omega := 2 * math.Pi * float64(i) / 1000
			sum := gamma(0)
			for k := 1; k < 400; k++ {
				sum += 2 * gamma(k) * math.Cos(omega*float64(k))
			}
			power := theory.PowerSpectrum(c.eta, c.lambda, variance, omega)
			require.InDelta(t, sum, power, 1e-11)
			mean += power / 1000
		}
		require.InDelta(t, variance, mean, 1e-11)
	}
}

// Claim S10: gradient descent oscillates and SGD walks. The steps of descent along a direction with ηλ = 1.98
// alternate; those of SGD at ηλ = 0.05 look like noise.
func TestDescentOscillatesSGDWalks(t *testing.T) {
	bowl, err := problem.NewQuadratic([]float64{1}, nil, nil)
	require.NoError(t, err)
	path := simulate(bowl, 1.98, []float64{1}, 3000)
	squares, products := 0.0, 0.0
	for i := range len(path) - 2 {
		d, next := path[i+1][0]-path[i][0], path[i+2][0]-path[i+1][0]
		squares += d * d
		products += d * next
	}
	require.InDelta(t, theory.Autocorrelation(1.98, 1, 1), products/squares, 1e-9)
	require.InDelta(t, -0.98, products/squares, 1e-9)
	require.InDelta(t, -0.025, theory.StepAutocorrelation(0.05, 1, 1), 1e-15)
}

// Runs of least squares in one dimension, where noise depends on θ: 3,000 that start in the stationary state. Products
// of iterates and steps, squared displacements and periodograms have the predicted means, to 4.5 of their standard
// errors; a periodogram of n values has one that is within 1/n·correlation time of the spectrum.
func TestWalkIsManyRuns(t *testing.T) {
	r := regression(6, 12, 1)
	s := r.sgd(t, 2, theory.WithReplacement)
	for _, relative := range []float64{0.2, 0.8} {
		eta, lambda := relative*s.Threshold, s.Lambda[0]
		c, err := s.Stationary(eta)
		require.NoError(t, err)
		variance := c.At(0, 0)
		rng := rand.New(rand.NewPCG(4, 4))
		var iterates, steps, displacements, low, high []float64
		var omega []float64
		const warm, n, lag = 100, 256, 3
		for range 3000 {
			theta := s.Optimum
			path := make([][]float64, 0, warm+n)
			for range warm + n {
				path = append(path, theta)
				theta = r.step(eta, theta, []int{rng.IntN(12), rng.IntN(12)})
			}
			path = path[warm:]
			x := make([]float64, n)
			for i := range x {
				x[i] = path[i][0] - s.Optimum[0]
			}
			iterates = append(iterates, x[0]*x[lag])
			steps = append(steps, (x[1]-x[0])*(x[lag+1]-x[lag]))
			square, err := stat.SquaredDisplacement(path, lag)
			require.NoError(t, err)
			displacements = append(displacements, square[lag])
			var power []float64
			omega, power, err = stat.Periodogram(x)
			require.NoError(t, err)
			low, high = append(low, power[9]), append(high, power[119])
		}
		requireMean(t, variance*theory.Autocorrelation(eta, lambda, lag), iterates)
		oneStep := theory.SquaredDisplacement(eta, lambda, variance, 1)
		requireMean(t, oneStep*theory.StepAutocorrelation(eta, lambda, lag), steps)
		requireMean(t, theory.SquaredDisplacement(eta, lambda, variance, lag), displacements)
		requireMean(t, theory.PowerSpectrum(eta, lambda, variance, omega[9]), low)
		requireMean(t, theory.PowerSpectrum(eta, lambda, variance, omega[119]), high)
	}
}

// Claim S7: the axes and the angle of an ellipse made by hand, and the part of normal points in it: of 20,000, 4.5
// standard deviations.
func TestEllipse(t *testing.T) {
	for _, angle := range []float64{0, 0.3, 1.5, -1.2, math.Pi / 2} {
		major, minor, got, err := theory.Ellipse(turned(angle, 9, 4), 2)
		require.NoError(t, err)
		require.InDeltaSlice(t, []float64{6, 4, angle}, []float64{major, minor, got}, 1e-14)
	}
	_, minor, angle, err := theory.Ellipse(mat.NewSymDense(2, []float64{0, 0, 0, 1}), 1)
	require.NoError(t, err)
	require.Equal(t, []float64{0, math.Pi / 2}, []float64{minor, angle})

	rng := rand.New(rand.NewPCG(5, 5))
	major, minor, angle, err := theory.Ellipse(turned(0.3, 9, 4), 1.5)
	require.NoError(t, err)
	inside := 0
	for range 20_000 {
		u, v := 3*rng.NormFloat64(), 2*rng.NormFloat64()
		x, y := math.Cos(0.3)*u-math.Sin(0.3)*v, math.Sin(0.3)*u+math.Cos(0.3)*v
		a, b := (math.Cos(angle)*x+math.Sin(angle)*y)/major, (math.Cos(angle)*y-math.Sin(angle)*x)/minor
		if a*a+b*b <= 1 {
			inside++
		}
	}
	p := 1 - math.Exp(-1.5*1.5/2)
	require.InDelta(t, 20_000*p, inside, 4.5*math.Sqrt(20_000*p*(1-p)))

	for want, c := range map[string]struct {
		covariance *mat.SymDense
		sigmas     float64
	}{
		"covariance has the size 1":       {mat.NewSymDense(1, nil), 1},
		"covariance has the eigenvalue -": {mat.NewSymDense(2, []float64{1, 2, 2, 1}), 1},
		"sigmas is 0":                     {turned(0, 1, 1), 0},
		"sigmas is NaN":                   {turned(0, 1, 1), math.NaN()},
	} {
		_, _, _, err := theory.Ellipse(c.covariance, c.sigmas)
		require.ErrorContains(t, err, want)
	}
}

// turned is a covariance with the variance major along the direction of an angle.
func turned(angle, major, minor float64) *mat.SymDense {
	c := mat.NewSymDense(2, nil)
	c.SymRankOne(c, major, mat.NewVecDense(2, []float64{math.Cos(angle), math.Sin(angle)}))
	c.SymRankOne(c, minor, mat.NewVecDense(2, []float64{-math.Sin(angle), math.Cos(angle)}))
	return c
}
