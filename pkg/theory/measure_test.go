package theory_test

import (
	"math"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

// single is simulate for least squares with every operation in Float32, sums from the first example to the last.
func single(p *problem.LeastSquares, eta float64, start []float64, steps int) [][]float64 {
	var x, y []float32
	p.Data()[0].MustConstFlatData(func(flat any) { x = append(x, flat.([]float32)...) })
	p.Data()[1].MustConstFlatData(func(flat any) { y = append(y, flat.([]float32)...) })
	d := len(start)
	theta := make([]float32, d)
	path := [][]float64{start}
	for i := range d {
		theta[i] = float32(start[i])
	}
	for range steps {
		gradient := make([]float32, d)
		for n := range y {
			residual := -y[n]
			for i := range d {
				residual += x[n*d+i] * theta[i]
			}
			for i := range d {
				gradient[i] += x[n*d+i] * residual / float32(len(y))
			}
		}
		next := make([]float64, d)
		for i := range d {
			theta[i] -= float32(eta) * gradient[i]
			next[i] = float64(theta[i])
		}
		path = append(path, next)
	}
	return path
}

// Claim G3: the contraction factors of a run are |1 − ηλᵢ|, to within the error that Measure itself states, and that error
// is small. The runs are stable, unstable, at a rate that arrives in one step along one direction, and long enough for
// components to go down in the rounding.
func TestMeasure(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	bowl, err := problem.NewQuadratic([]float64{0.5, 1, 2, 4}, problem.RandomBasis(4, 5), []float64{1, 2, 3, 4})
	require.NoError(t, err)
	origin := make([]float64, 10)
	for _, steps := range []int{1, 10, 100, 1000} {
		for _, eta := range []float64{0.01, 0.25, 0.49, 0.55} {
			for name, run := range map[string]struct {
				p                problem.Smooth
				path             [][]float64
				precision, small float64
			}{
				"bowl":               {bowl, simulate(bowl, eta, bowl.Start, steps), theory.DoublePrecision, 1e-12},
				"diabetes":           {diabetes, simulate(diabetes, eta, origin, steps), theory.DoublePrecision, 1e-11},
				"diabetes in single": {diabetes, single(diabetes, eta, origin, steps), theory.SinglePrecision, 1e-3},
			} {
				d := solve(t, run.p)
				measured, err := d.Measure(run.path, run.precision)
				require.NoError(t, err)
				require.Len(t, measured, len(d.Lambda))
				for i, m := range measured {
					require.Equal(t, d.Lambda[i], m.Lambda)
					known := eta * theory.DoublePrecision * d.Lambda[len(d.Lambda)-1] // to which theory's own factor is
					require.InDelta(t, math.Abs(theory.Factor(eta, m.Lambda)), m.Factor, m.Error+known,
						"%s, %d steps, η = %v, λ = %v", name, steps, eta, m.Lambda)
					require.Less(t, m.Error, run.small, "%s, %d steps, η = %v, λ = %v", name, steps, eta, m.Lambda)
					require.LessOrEqual(t, m.Steps, steps)
				}
			}
		}
	}
}

// A run that has overflowed is measured where it was finite; a direction along which it never was away from the optimum
// is not.
func TestMeasureWhatIsThere(t *testing.T) {
	p, err := problem.NewQuadratic([]float64{1, 4}, nil, nil)
	require.NoError(t, err)
	d := solve(t, p)
	path := simulate(p, 10, []float64{1, 1}, 400)
	require.True(t, math.IsInf(floats.Norm(path[400], 2), 1) || math.IsNaN(path[400][0]), "it overflows")
	measured, err := d.Measure(path, theory.DoublePrecision)
	require.NoError(t, err)
	require.InDelta(t, 9, measured[0].Factor, measured[0].Error)
	require.InDelta(t, 39, measured[1].Factor, 1e-12)

	measured, err = d.Measure(simulate(p, 0.1, []float64{0, 1}, 10), theory.DoublePrecision)
	require.NoError(t, err)
	require.True(t, math.IsNaN(measured[0].Factor) && math.IsInf(measured[0].Error, 1) && measured[0].Steps == 0)
	require.InDelta(t, 0.6, measured[1].Factor, 1e-15)
}

func TestMeasureRefuses(t *testing.T) {
	d := solve(t, valley(t))
	good := [][]float64{{1, 1}, {2, 2}}
	for _, precision := range []float64{0, -1, 1, math.NaN(), math.Inf(1)} {
		_, err := d.Measure(good, precision)
		require.ErrorContains(t, err, "precision is")
	}
	for want, path := range map[string][][]float64{
		"path has 0 finite iterates": nil,
		"path has 1 finite iterates": {{1, 1}, {math.NaN(), 1}, {1, 1}},
		"path[1] has 1 elements":     {{1, 1}, {1}},
	} {
		_, err := d.Measure(path, theory.DoublePrecision)
		require.ErrorContains(t, err, want)
	}
}

// Claim G3: the threshold found by training is 2/λ_max within 1 %, on least squares with real data.
func TestThresholdFoundByTraining(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	d := solve(t, diabetes)
	start := make([]float64, 10)
	diverges := func(eta float64) (bool, error) {
		path := simulate(diabetes, eta, start, 2000)
		return !(diabetes.Value(path[2000]) <= diabetes.Value(start)), nil // NaN is divergence too.
	}
	want := theory.StabilityThreshold(d.Lambda[9])
	got, err := stat.BisectThreshold(diverges, 0.01, 10, 0.005)
	require.NoError(t, err)
	require.InEpsilon(t, want, got, 0.01)
}
