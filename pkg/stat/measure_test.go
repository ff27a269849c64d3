package stat_test

import (
	"errors"
	"math"
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

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
				lambda, v, err := stat.PowerIteration(times(h), h.SymmetricDim(), tolerance)
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
	_, _, err := stat.PowerIteration(h, 2, 1e-6)
	require.ErrorContains(t, err, "the two largest eigenvalues differ only in sign")
	_, _, err = stat.PowerIteration(h, 0, 1e-6)
	require.ErrorContains(t, err, "dim is 0")
	_, _, err = stat.PowerIteration(h, 1<<40, 0.1)
	require.ErrorContains(t, err, "vectors of 1099511627776 dimensions would take ")
	for _, tolerance := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, _, err = stat.PowerIteration(h, 2, tolerance)
		require.ErrorContains(t, err, "tolerance is")
	}
	_, _, err = stat.PowerIteration(func([]float64) ([]float64, error) { return []float64{1}, nil }, 2, 1e-6)
	require.ErrorContains(t, err, "hv returned 1 elements: it must return 2")
	_, _, err = stat.PowerIteration(func([]float64) ([]float64, error) { return []float64{1, math.NaN()}, nil }, 2, 1e-6)
	require.ErrorContains(t, err, "not finite")
	_, _, err = stat.PowerIteration(func([]float64) ([]float64, error) { return nil, errors.New("device lost") }, 2, 1e-6)
	require.ErrorContains(t, err, "device lost")
}

// The middle of the last interval is as near as the tolerance says.
func TestBisectThreshold(t *testing.T) {
	for _, tolerance := range []float64{0.1, 1e-3, 1e-9, 4 * 0x1p-52} {
		got, err := stat.BisectThreshold(func(eta float64) (bool, error) { return eta > math.Pi, nil }, 1e-6, 1e6, tolerance)
		require.NoError(t, err)
		require.InEpsilon(t, math.Pi, got, tolerance/2+0x1p-52)
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
		_, err := stat.BisectThreshold(diverges, c.low, c.high, c.tolerance)
		require.ErrorContains(t, err, want)
	}
	for _, fails := range []float64{0.4, 0.6, 2} {
		_, err := stat.BisectThreshold(func(eta float64) (bool, error) {
			if eta > fails && eta < fails+1 {
				return false, errors.New("device lost")
			}
			return eta > 1, nil
		}, 0.5, 2.5, 0.1)
		require.ErrorContains(t, err, "device lost")
	}
}
