package lecture

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The excess loss from the eigenvalues is the one from the examples.
func TestHeightIsExcess(t *testing.T) {
	study, err := TwoMeasurements(0, "bmi", "s5")
	require.NoError(t, err)
	for _, theta := range [][]float64{{0, 0}, {50, -50}, study.Beside()} {
		require.InEpsilon(t, study.Excess(theta), study.height(theta), 1e-9)
	}
}
