package diagnosis_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"descent.example/internal/says"
	"descent.example/pkg/diagnosis"
)

// An error whose square is no float64 any more is one of a run that diverged.
func TestAnErrorBeyondSquares(t *testing.T) {
	d, err := diagnosis.Diagnose(diagnosis.Record{Tolerance: 0.1, Trials: []diagnosis.Trial{
		{Name: "large rate", Width: 2, Errors: []float64{1e300}}, {Name: "small rate", Width: 2, Errors: []float64{0.2}}}})
	require.NoError(t, err)
	require.Equal(t, diagnosis.Learning, d.Cause)
	for _, part := range d.Parts {
		require.False(t, math.IsNaN(part) || math.IsInf(part, 0))
	}
}

func TestNeighboursAtTheEnds(t *testing.T) {
	x, y := mat.NewDense(4, 1, []float64{1, 2, 3, 4}), []float64{1, 2, 1, 2}
	_, err := diagnosis.Neighbours(x, y, 3) // the most neighbors
	require.NoError(t, err)
	_, err = diagnosis.Neighbours(x, []float64{1, 2, 1e200, 2}, 2)
	says.All(t, err, "example 2 … 1e+200 … unit")
}

func TestNeighboursOfTooMany(t *testing.T) {
	const n = 100_000
	_, err := diagnosis.Neighbours(mat.NewDense(n, 1, make([]float64, n)), make([]float64, n), 10)
	require.ErrorContains(t, err, "take fewer")
}
