package relu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/combin"

	"descent.example/internal/says"
	"descent.example/pkg/problem"
	"descent.example/pkg/relu"
)

// leastSquares fits values at the knots by QR, for want of which it returns +Inf.
func leastSquares(xs, ys, knots []float64) float64 {
	a := mat.NewDense(len(xs), len(knots), nil)
	for i, x := range xs {
		for k, t := range knots {
			hat := 0.0
			switch {
			case k > 0 && x <= t && x > knots[k-1]:
				hat = (x - knots[k-1]) / (t - knots[k-1])
			case x == t:
				hat = 1
			case k < len(knots)-1 && x > t && x < knots[k+1]:
				hat = (knots[k+1] - x) / (knots[k+1] - t)
			}
			a.Set(i, k, hat)
		}
	}
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return math.Inf(1)
	}
	y, values, r := mat.NewVecDense(len(ys), ys), mat.NewVecDense(len(knots), nil), mat.NewVecDense(len(ys), nil)
	svd.SolveVecTo(values, y, svd.Rank(1e-12))
	r.MulVec(a, values)
	r.SubVec(r, y)
	return mat.Dot(r, r)
}

// The optimum is that of all choices of knots, on data of many kinds: with candidates at the points, between them, and so
// dense that pieces have no point of their own.
func TestFreeKnotsAreOptimal(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 8))
		n := 8 + rng.IntN(16)
		xs, ys := make([]float64, n), make([]float64, n)
		x := 0.0
		for i := range xs {
			x += 0.1 + rng.Float64()
			xs[i], ys[i] = x, math.Sin(x)+0.3*rng.NormFloat64()
		}
		var candidates []float64
		switch seed % 3 {
		case 0:
			candidates = xs[1 : n-1]
		default:
			count := 6 + rng.IntN(4)
			if seed%3 == 2 {
				count = 11
				n = 5
				xs, ys = xs[:n], ys[:n]
			}
			for k := 1; k <= count; k++ {
				candidates = append(candidates, xs[0]+(xs[n-1]-xs[0])*float64(k)/float64(count+1))
			}
		}
		for knots := range 4 {
			fit, err := relu.FreeKnots(xs, ys, candidates, knots)
			require.NoError(t, err)
			require.Len(t, fit.Knots, knots+2)
			require.Len(t, fit.Values, knots+2)
			best := leastSquares(xs, ys, []float64{xs[0], xs[n-1]})
			if knots > 0 {
				best = math.Inf(1)
				for _, choice := range combin.Combinations(len(candidates), knots) {
					at := []float64{xs[0]}
					for _, i := range choice {
						at = append(at, candidates[i])
					}
					best = min(best, leastSquares(xs, ys, append(at, xs[n-1])))
				}
			}
			require.InDelta(t, best, fit.Squares, 1e-9, "seed %d, %d knots", seed, knots)
			// The net of the fit is the fit.
			net, err := relu.Interpolate(fit.Knots, fit.Values)
			require.NoError(t, err)
			sum := 0.0
			for i, x := range xs {
				sum += (net.At(x) - ys[i]) * (net.At(x) - ys[i])
			}
			require.InDelta(t, fit.Squares, sum, 1e-9)
		}
	}
}

// The lecturer's function has nine knots: with as many it is found, without error.
func TestFreeKnotsFindTheFunction(t *testing.T) {
	target := problem.Lecturer()
	xs, ys := target.Grid(101)
	fit, err := relu.FreeKnots(xs, ys, xs[1:100], 9)
	require.NoError(t, err)
	require.InDelta(t, 0, fit.Squares, 1e-20)
	require.InDeltaSlice(t, target.Knots, fit.Knots[1:10], 1e-12)
	require.InDelta(t, target.F(0.42), fit.At(0.42), 1e-12)
}

// Targets without any error to lower, and with little beside a large mean.
func TestFreeKnotsExtremes(t *testing.T) {
	xs := []float64{0, 1, 2, 3, 4, 5}
	for _, knots := range []int{0, 1, 4} {
		fit, err := relu.FreeKnots(xs, make([]float64, 6), xs[1:5], knots)
		require.NoError(t, err)
		require.Zero(t, fit.Squares)
	}
	ys := []float64{0, 1, 2.1, 2.9, 2, 1}
	small, err := relu.FreeKnots(xs, ys, xs[1:5], 1)
	require.NoError(t, err)
	for i := range ys {
		ys[i] += 1e8
	}
	large, err := relu.FreeKnots(xs, ys, xs[1:5], 1)
	require.NoError(t, err)
	require.Equal(t, small.Knots, large.Knots)
	require.InEpsilon(t, small.Squares, large.Squares, 1e-5)
}

func TestFreeKnotsErrors(t *testing.T) {
	xs, ys := []float64{0, 1, 2}, []float64{1, 2, 1}
	_, err := relu.FreeKnots(xs[:1], ys[:1], nil, 0)
	says.All(t, err, "xs … ys … 1 … 2")
	_, err = relu.FreeKnots(xs, ys, []float64{1, 2}, 1)
	says.All(t, err, "candidates[1] … 2 … ascend … [0 2]")
	_, err = relu.FreeKnots(xs, ys, []float64{1}, 2)
	says.All(t, err, "knots … 2 … 0 … 1")
}

func BenchmarkFreeKnots(b *testing.B) {
	xs, ys := problem.Lecturer().Sample(200, 0.05, 1)
	for b.Loop() {
		if _, err := relu.FreeKnots(xs, ys, xs[1:199], 10); err != nil {
			b.Fatal(err)
		}
	}
}
