package theory_test

import (
	"errors"
	"math"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/theory"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
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

func times(h *mat.SymDense) func([]float64) ([]float64, error) {
	return func(v []float64) ([]float64, error) {
		var product mat.VecDense
		product.MulVec(h, mat.NewVecDense(len(v), v))
		return product.RawVector().Data, nil
	}
}

// Claim G3: λ_max from products alone is gonum's, to the tolerance asked for.
func TestPowerIteration(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	for name, h := range map[string]*mat.SymDense{
		"diabetes":          diabetes.Hessian(nil),
		"nearly alike":      mat.NewSymDense(3, []float64{5, 0, 0, 0, 4.9999, 0, 0, 0, 1}),
		"alike":             mat.NewSymDense(3, []float64{5, 0, 0, 0, 5, 0, 0, 0, 1}),
		"negative dominant": mat.NewSymDense(2, []float64{-3, 0, 0, 2}),
		"one dimension":     mat.NewSymDense(1, []float64{7}),
		"zero":              mat.NewSymDense(3, nil),
	} {
		t.Run(name, func(t *testing.T) {
			eigenvalues, _, err := problem.Eigen(h)
			require.NoError(t, err)
			want := eigenvalues[len(eigenvalues)-1]
			if -eigenvalues[0] > want {
				want = eigenvalues[0]
			}
			for _, tolerance := range []float64{1e-3, 1e-6} {
				lambda, v, err := theory.PowerIteration(times(h), h.SymmetricDim(), tolerance)
				if name == "nearly alike" && tolerance == 1e-6 {
					// (4.9999/5)^10,000 = 0.82: what separates the two has hardly begun.
					require.ErrorContains(t, err, "10,000 products did not bring the residual below tolerance 1e-06")
					continue
				}
				require.NoError(t, err)
				require.InDelta(t, want, lambda, tolerance*math.Abs(want))
				require.InDelta(t, 1, floats.Norm(v, 2), 1e-15)
				product, _ := times(h)(v)
				floats.AddScaled(product, -lambda, v)
				require.LessOrEqual(t, floats.Norm(product, 2), tolerance*math.Abs(want)*(1+1e-9))
			}
		})
	}
}

func TestPowerIterationRefuses(t *testing.T) {
	h := times(mat.NewSymDense(2, []float64{1, 0, 0, -1}))
	_, _, err := theory.PowerIteration(h, 2, 1e-6)
	require.ErrorContains(t, err, "the two largest eigenvalues differ only in sign")
	_, _, err = theory.PowerIteration(h, 0, 1e-6)
	require.ErrorContains(t, err, "dim is 0")
	for _, tolerance := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, _, err = theory.PowerIteration(h, 2, tolerance)
		require.ErrorContains(t, err, "tolerance is")
	}
	_, _, err = theory.PowerIteration(func([]float64) ([]float64, error) { return []float64{1}, nil }, 2, 1e-6)
	require.ErrorContains(t, err, "hv returned 1 elements: it must return 2")
	_, _, err = theory.PowerIteration(func([]float64) ([]float64, error) { return []float64{1, math.NaN()}, nil }, 2, 1e-6)
	require.ErrorContains(t, err, "not finite")
	_, _, err = theory.PowerIteration(func([]float64) ([]float64, error) { return nil, errors.New("device lost") }, 2, 1e-6)
	require.ErrorContains(t, err, "device lost")
}

// Claim G3: the threshold found by training is 2/λ_max within 1 %, on least squares with real data.
func TestBisectThreshold(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	d := solve(t, diabetes)
	start := make([]float64, 10)
	diverges := func(eta float64) (bool, error) {
		path := simulate(diabetes, eta, start, 2000)
		return !(diabetes.Value(path[2000]) <= diabetes.Value(start)), nil // NaN is divergence too.
	}
	want := theory.StabilityThreshold(d.Lambda[9])
	got, err := theory.BisectThreshold(diverges, 0.01, 10, 0.005)
	require.NoError(t, err)
	require.InEpsilon(t, want, got, 0.01)

	for _, tolerance := range []float64{0.1, 1e-3, 1e-9, 4 * theory.DoublePrecision} {
		got, err := theory.BisectThreshold(func(eta float64) (bool, error) { return eta > math.Pi, nil }, 1e-6, 1e6, tolerance)
		require.NoError(t, err)
		require.InEpsilon(t, math.Pi, got, tolerance/2+theory.DoublePrecision)
	}
}

func TestBisectThresholdRefuses(t *testing.T) {
	diverges := func(eta float64) (bool, error) { return eta > 1, nil }
	for want, c := range map[string]struct{ low, high, tolerance float64 }{
		"low is 0 and high is 2":                          {0, 2, 0.1},
		"low is -1 and high is 2":                         {-1, 2, 0.1},
		"low is 2 and high is 0.5":                        {2, 0.5, 0.1},
		"low is NaN and high is 2":                        {math.NaN(), 2, 0.1},
		"low is 0.5 and high is NaN":                      {0.5, math.NaN(), 0.1},
		"high is +Inf":                                    {0.5, math.Inf(1), 0.1},
		"tolerance is 0":                                  {0.5, 2, 0},
		"tolerance is NaN":                                {0.5, 2, math.NaN()},
		"tolerance is 1":                                  {0.5, 2, 1},
		"tolerance is 1e-17":                              {0.5, 2, 1e-17},
		"low is 1.5, and training diverges there already": {1.5, 2, 0.1},
		"high is 0.9, and training does not diverge":      {0.5, 0.9, 0.1},
	} {
		_, err := theory.BisectThreshold(diverges, c.low, c.high, c.tolerance)
		require.ErrorContains(t, err, want)
	}
	for _, fails := range []float64{0.4, 0.6, 2} {
		_, err := theory.BisectThreshold(func(eta float64) (bool, error) {
			if eta > fails && eta < fails+1 {
				return false, errors.New("device lost")
			}
			return eta > 1, nil
		}, 0.5, 2.5, 0.1)
		require.ErrorContains(t, err, "device lost")
	}
}
