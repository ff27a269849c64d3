package theory

import (
	"errors"
	"fmt"
	"math"
)

// FreeKnots predicts the root mean square error of the best continuous piecewise linear function of the number of pieces given, its knots free, from the
// target's second derivative on [lo, hi]:
//
//	(∫|f″|^(2/5))^(5/2) / (√720 · pieces² · √(hi − lo))
//
// It holds in the limit of many pieces. It panics when curvature is nil, pieces is not positive or lo is not below hi.
//
// Source: D. L. Barrow and P. W. Smith (1978), "Asymptotic properties of best L₂[0, 1] approximation by splines with variable knots",
// Quarterly of Applied Mathematics 36, for splines of order 2.
func FreeKnots(curvature func(x float64) float64, lo, hi float64, pieces int) float64 {
	mustHavePieces(curvature, lo, hi, pieces)
	mean := meanOver(lo, hi, func(x float64) float64 { return math.Pow(math.Abs(curvature(x)), 0.4) })
	h := (hi - lo) / float64(pieces)
	return h * h * math.Pow(mean, 2.5) / math.Sqrt(720)
}

// EqualKnots predicts the same with the knots at equal distances h and the best values there: h²·√(mean of f″²)/√720.
// It panics as FreeKnots does.
func EqualKnots(curvature func(x float64) float64, lo, hi float64, pieces int) float64 {
	mustHavePieces(curvature, lo, hi, pieces)
	mean := meanOver(lo, hi, func(x float64) float64 { return curvature(x) * curvature(x) })
	h := (hi - lo) / float64(pieces)
	return h * h * math.Sqrt(mean) / math.Sqrt(720)
}

func mustHavePieces(curvature func(x float64) float64, lo, hi float64, pieces int) {
	switch {
	case curvature == nil:
		panic(errors.New("curvature is nil: give the second derivative"))
	case pieces < 1:
		panic(fmt.Errorf("pieces is %d: there must be at least 1", pieces))
	case !(lo < hi && hi-lo <= math.MaxFloat64):
		panic(fmt.Errorf("lo is %v and hi %v: lo must be the smaller, and their distance finite", lo, hi))
	}
}

// meanOver is the mean of f on [lo, hi], by the midpoints of 10,000 pieces.
func meanOver(lo, hi float64, f func(x float64) float64) (mean float64) {
	const places = 10_000
	for i := range places {
		mean += f(lo+(hi-lo)*(float64(i)+0.5)/places) / places
	}
	return mean
}
