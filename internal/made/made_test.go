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

// A program may end after it noted what it would write, and before it did.
func TestWhatWasOursIsOursUntilItIsReplaced(t *testing.T) {
	folder := t.TempDir()
	for _, text := range []string{"1", "2"} {
		_, err := Write(folder, "page.html", []byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "page.html"), []byte("1"), 0o644))
	kept, err := Write(folder, "page.html", []byte("3"))
	require.NoError(t, err)
	require.Empty(t, kept)

	for _, name := range []string{fresh + "12", fresh + "mine"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), nil, 0o644))
	}
	Sweep(folder)
	require.NoFileExists(t, filepath.Join(folder, fresh+"12"))
	require.FileExists(t, filepath.Join(folder, fresh+"mine"))
	require.FileExists(t, filepath.Join(folder, "page.html"))
}

// What a person changed stays where it is until the new file replaces it, so that it counts whenever the program ends; and it is kept once.
func TestAChangedFileStaysUntilItIsReplaced(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "list.csv")
	_, err := Write(folder, "list.csv", []byte("1"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o644))
	require.NoError(t, os.Chmod(path, 0o600))
	for range 2 { // what Update does before it ends
		kept, err := keep(folder, "list.csv", []byte("mine"))
		require.NoError(t, err)
		require.Equal(t, "list (yours 1).csv", kept)
		for _, file := range []string{path, filepath.Join(folder, kept)} {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, "mine", string(text))
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		}
	}
}
