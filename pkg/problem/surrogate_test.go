package problem_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"

	"descent.example/pkg/problem"
)

// Claim G6: each surrogate bounds the 0-1 loss from above and meets it at 0, and has a slope where there is something to
// learn; the 0-1 loss has none.
func TestSurrogates(t *testing.T) {
	surrogates := problem.Surrogates()
	mistakes := surrogates[0]
	require.Equal(t, 1.0, mistakes.Loss(-2))
	require.Equal(t, 1.0, mistakes.Loss(0))
	require.Equal(t, 0.0, mistakes.Loss(1e-300))
	for _, s := range surrogates {
		require.Equal(t, 1.0, s.Loss(0), s.Name)
		for _, m := range []float64{-3, -1, -0.3, 0.2, 0.9, 1.1, 2.5} {
			require.GreaterOrEqual(t, s.Loss(m), mistakes.Loss(m), s.Name)
			numeric := fd.Derivative(s.Loss, m, &fd.Settings{Formula: fd.Central})
			require.InDelta(t, numeric, s.Derivative(m), 1e-9, "%s at %v", s.Name, m)
			if m < 1 {
				require.Equal(t, s.Name != "0-1", s.Derivative(m) < 0, "%s at %v", s.Name, m)
			}
		}
	}
	require.Equal(t, 0.0, surrogates[3].Derivative(1), "to the right of hinge's kink")
	require.Equal(t, 0.0, surrogates[2].Loss(1e4))
	require.InDelta(t, 1e4/math.Ln2, surrogates[2].Loss(-1e4), 1e-11)
}
