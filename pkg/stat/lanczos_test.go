package stat_test

import (
	"testing"

	"descent.example/pkg/problem"
	"descent.example/pkg/stat"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Lanczos finds gonum's largest eigenvalue after as many products as there are dimensions, never exceeds it before, and needs one product
// from the eigenvector.
func TestLanczos(t *testing.T) {
	diabetes, err := problem.Diabetes()
	require.NoError(t, err)
	for name, h := range map[string]*mat.SymDense{
		"diabetes": diabetes.Hessian(nil), "alike": mat.NewSymDense(3, []float64{5, 0, 0, 0, 5, 0, 0, 0, 1}),
		"negative dominant": mat.NewSymDense(2, []float64{-3, 0, 0, 2}), "one dimension": mat.NewSymDense(1, []float64{7}), "zero": mat.NewSymDense(3, nil),
	} {
		eigenvalues, _, err := problem.Eigen(h)
		require.NoError(t, err)
		most, n := eigenvalues[len(eigenvalues)-1], len(eigenvalues)
		before := eigenvalues[0] - 1e-9
		for products := 1; products <= n; products++ {
			lambda, v, err := stat.Lanczos(times(h), n, nil, products)
			require.NoError(t, err, name)
			require.LessOrEqual(t, lambda, most+1e-9, name)
			require.GreaterOrEqual(t, lambda, before-1e-9, "%s: more products see more", name)
			before = lambda
			if products == n {
				require.InDelta(t, most, lambda, 1e-9, name)
				again, _, err := stat.Lanczos(times(h), n, v, 1)
				require.NoError(t, err)
				require.InDelta(t, most, again, 1e-9, name)
			}
		}
	}
	for _, wrong := range []func() (float64, []float64, error){
		func() (float64, []float64, error) { return stat.Lanczos(nil, 1, nil, 1) },
		func() (float64, []float64, error) { return stat.Lanczos(times(mat.NewSymDense(1, nil)), 0, nil, 1) },
		func() (float64, []float64, error) {
			return stat.Lanczos(times(mat.NewSymDense(2, nil)), 2, []float64{0, 0}, 1)
		},
	} {
		_, _, err := wrong()
		require.Error(t, err)
	}
}
