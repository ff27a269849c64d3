package answer

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNear(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		got, want float64
		near      bool
	}{
		{1, 1, true}, {1 + 1e-10, 1, true}, {1.001, 1, false}, {1e-10, 0, true}, {1e20 + 1e10, 1e20, true}, {1.01e20, 1e20, false},
		{inf, inf, true}, {-inf, -inf, true}, {5, inf, false}, {-inf, inf, false}, {inf, 5, false}, {nan, inf, false}, {nan, 1, false}, {1, nan, false},
	} {
		require.Equal(t, c.near, Near(c.got, c.want), "%+v", c)
	}
}
