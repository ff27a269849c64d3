package wall

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// pair is a function on the other side of a wall.
func pair[F any](f F) (remote F) {
	ours, theirs := io.Pipe()
	back, answers := io.Pipe()
	go New(ours, answers, map[string]any{"f": f}).Serve()
	New(back, theirs, nil).Bind("f", &remote)
	return remote
}

// A short message that would be large here is refused: a byte of it can stand for a slice or an array.
func TestAShortMessageTakesNoMemory(t *testing.T) {
	rows := pair(func(n int) [][]float64 { return make([][]float64, n) })
	require.Len(t, rows(1000), 1000)
	require.Panics(t, func() { rows(6 << 20) })
	full := pair(func(n int) []float64 { return make([]float64, n) })
	require.Len(t, full(1<<20), 1<<20) // of 8 MiB, which a message may have
}
