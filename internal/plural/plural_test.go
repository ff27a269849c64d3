package plural

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCountsAgreeWithTheirNouns(t *testing.T) {
	for n, want := range map[int]string{0: "0 cells", 1: "1 cell", 2: "2 cells", 1001: "1001 cells"} {
		require.Equal(t, want, Of(n, "cell"))
	}
}
