package stat

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Autocorrelation returns that of one long series at the lags 0, 1, …, maxLag (claim S10), each with the interval by
// Bartlett's formula for a series without correlation from that lag on: where it does not contain 0 there is some.
//
//	r_k = Σ_t (x_t − x̄)(x_{t+k} − x̄) / Σ_t (x_t − x̄)²,    Var r_k ≈ (1 + 2 Σ_{0<j<k} r_j²)/n
//
// At lag 1 its half width is z/√n, the band of white noise. It is an error when maxLag is not between 0 and len(xs)−1,
// when xs are all the same or one is not finite, or when the confidence is not between 0 and 1.
//
// Source: P. Brockwell and R. Davis (1991), "Time Series: Theory and Methods", section 7.2; statsmodels' acf.
func Autocorrelation(xs []float64, maxLag int, confidence float64) ([]Interval, error) {
	if err := check(confidence, sample{"xs", xs, 2}); err != nil {
		return nil, err
	}
	if err := checkLag(maxLag, len(xs)); err != nil {
		return nil, err
	}
	if floats.Max(xs) == floats.Min(xs) {
		return nil, fmt.Errorf("xs are all %v: there is nothing to correlate", xs[0])
	}
	x, squares := centred(xs)
	if squares == 0 {
		return nil, fmt.Errorf("xs differ by so little that their squares are 0 in float64: choose another unit")
	}
	n, z := float64(len(xs)), normal(confidence)
	result := []Interval{{1, 1, 1}}
	variance := 1 / n
	for _, r := range correlate(x, squares, maxLag)[1:] {
		result = append(result, around(r, z*math.Sqrt(variance)))
		variance += 2 * r * r / n
	}
	return result, nil
}

// correlate returns Σ_t x_t x_{t+k} as a part of the sum of squares, for the lags k = 0, 1, …, maxLag, by the theorem of
// Wiener and Khinchin: in n log n steps, however many lags there are.
func correlate(x []float64, squares float64, maxLag int) []float64 {
	padded := make([]float64, 1<<bits.Len(uint(len(x)+maxLag))) // with zeros, so that the ends do not meet
	floats.ScaleTo(padded[:len(x)], 1/math.Sqrt(squares), x)
	fft := fourier.NewFFT(len(padded))
	spectrum := fft.Coefficients(nil, padded)
	for i, c := range spectrum {
		spectrum[i] = c * cmplx.Conj(c) / complex(float64(len(padded)), 0)
	}
	return fft.Sequence(nil, spectrum)[:maxLag+1]
}

// Periodogram returns the power of one long series at the angular frequencies ω_k = 2πk/n radians a step, k = 1, …,
// ⌊n/2⌋ (claim S10):
//
//	|Σ_t (x_t − x̄) e^(−iω_k t)|² / n
//
// Its expectation is the power spectrum Σ_k Cov(x_{t+k}, x_t) e^(−iωk). Each value by itself is as uncertain as it is
// large, however long the series: average over neighbors or over runs. It is an error when there are fewer than two
// values or one is not finite.
func Periodogram(xs []float64) (omega, power []float64, err error) {
	if err := check(0.5, sample{"xs", xs, 2}); err != nil {
		return nil, nil, err
	}
	x, _ := centred(xs)
	n := len(x)
	for k, c := range transform(x)[:n/2+1] {
		if k > 0 {
			omega = append(omega, 2*math.Pi*float64(k)/float64(n))
			power = append(power, cmplx.Abs(c)*cmplx.Abs(c)/float64(n))
		}
	}
	return omega, power, nil
}

// transform returns the discrete Fourier transform Σ_t x_t e^(−2πikt/n), [n], in a time of order n log n for any n: gonum's takes n
// times the largest prime factor of n, minutes for some series. As kt = (k² + t² − (k−t)²)/2, it is a convolution with the
// chirp b_t = e^(iπt²/n), done with a power of two (Bluestein 1970).
func transform(x []float64) []complex128 {
	n := len(x)
	size := 1 << bits.Len(uint(2*n-2))
	chirp := make([]complex128, n)
	a, b := make([]complex128, size), make([]complex128, size)
	for t := range n {
		chirp[t] = cmplx.Rect(1, math.Pi*float64(t*t%(2*n))/float64(n))
		a[t] = complex(x[t], 0) * cmplx.Conj(chirp[t])
		b[t], b[(size-t)%size] = chirp[t], chirp[t]
	}
	fft := fourier.NewCmplxFFT(size)
	a, b = fft.Coefficients(nil, a), fft.Coefficients(nil, b)
	for i := range a {
		a[i] *= b[i] / complex(float64(size), 0)
	}
	sum := fft.Sequence(nil, a)[:n]
	for k := range sum {
		sum[k] *= cmplx.Conj(chirp[k])
	}
	return sum
}

// SquaredDisplacement returns the mean of ‖θ_{t+k} − θ_t‖² over all t of a path, path[t] being θ_t, for the lags k = 0,
// 1, …, maxLag (claim S10). On log-log axes its slope is 1 for a random walk and 2 for motion in one direction. It is
// an error when maxLag is not between 0 and len(path)−1 or when the iterates differ in length.
//
// It computes every distance: the time is proportional to len(path)·maxLag and to the length of θ. All lags of a path of 10⁵
// scalars are 5·10⁹ distances.
func SquaredDisplacement(path [][]float64, maxLag int) ([]float64, error) {
	if err := checkLag(maxLag, len(path)); err != nil {
		return nil, err
	}
	for t, theta := range path {
		if len(theta) != len(path[0]) {
			return nil, fmt.Errorf("path[%d] has %d elements and path[0] %d: they must be as many",
				t, len(theta), len(path[0]))
		}
	}
	result := make([]float64, maxLag+1)
	for k := range result {
		for t, theta := range path[:len(path)-k] {
			distance := floats.Distance(path[t+k], theta, 2)
			result[k] += distance * distance / float64(len(path)-k)
		}
	}
	return result, nil
}

// centred returns x_t − x̄ and the sum of its squares.
func centred(xs []float64) (x []float64, squares float64) {
	mean := stat.Mean(xs, nil)
	x = make([]float64, len(xs))
	for t := range xs {
		x[t] = xs[t] - mean
	}
	return x, floats.Dot(x, x)
}

func checkLag(maxLag, n int) error {
	if n == 0 {
		return errors.New("path is empty: there is nothing to measure")
	}
	if maxLag < 0 || maxLag >= n {
		return fmt.Errorf("maxLag is %d: it must be between 0 and %d, one less than the %d values", maxLag, n-1, n)
	}
	return nil
}
