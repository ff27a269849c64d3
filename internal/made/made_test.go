package made

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What was written is replaced; what a person changed stays.
func TestWriteKeepsWhatAPersonChanged(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	write := func(text, wantKept string) {
		kept, err := Write(folder, "grades.csv", []byte(text))
		require.NoError(t, err)
		require.Equal(t, wantKept, kept)
		now, err := os.ReadFile(filepath.Join(folder, "grades.csv"))
		require.NoError(t, err)
		require.Equal(t, text, string(now))
	}
	write("1", "")
	write("2", "")
	for _, mine := range []string{"mine", "mine too"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "grades.csv"), []byte(mine), 0o644))
		write("3 after "+mine, map[string]string{"mine": "grades (yours 1).csv", "mine too": "grades (yours 2).csv"}[mine])
	}
	kept, err := os.ReadFile(filepath.Join(folder, "grades (yours 1).csv"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(kept))
}
