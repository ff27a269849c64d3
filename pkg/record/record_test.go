package record

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// folder makes a folder of files, a link among them, and its record as read back from a file.
func folder(t *testing.T) (base string, r Record) {
	t.Helper()
	base = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(base, "a", "b c"), 0o755))
	for i := range 200 {
		require.NoError(t, os.WriteFile(filepath.Join(base, "a", "b c", fmt.Sprint("file ", i)), []byte(fmt.Sprint("content ", i)), 0o644))
	}
	require.NoError(t, os.Chmod(filepath.Join(base, "a", "b c", "file 7"), 0o755))
	require.NoError(t, os.Symlink("b c", filepath.Join(base, "a", "link")))
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, nil, 0o644))
	r, err := Of("a note", base, filepath.Join(base, "a"), outside)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(base, "record"), r.Text(), 0o644))
	r, err = Read(filepath.Join(base, "record"))
	require.NoError(t, err)
	require.Equal(t, "a note", r.Note)
	require.Len(t, r.files, 202)
	damage, renewed := r.Check(base, true)
	require.Empty(t, damage)
	require.False(t, renewed)
	return base, r
}

func TestDamageIsSeen(t *testing.T) {
	past := time.Unix(1e9, 0)
	for name, c := range map[string]struct {
		spoil func(path string) error
		why   string
		slow  bool // is seen by reading alone
	}{
		"deleted":   {os.Remove, "is missing", false},
		"cut":       {func(path string) error { return os.Truncate(path, 3) }, "was altered", false},
		"emptied":   {func(path string) error { return os.Truncate(path, 0) }, "was altered", false},
		"same size": {func(path string) error { return os.WriteFile(path, []byte("contend 7"), 0o644) }, "was altered", false},
		"same size and time": {func(path string) error {
			info, err := os.Stat(path)
			if err == nil {
				err = os.WriteFile(path, []byte("contend 7"), 0o644)
			}
			if err == nil {
				err = os.Chtimes(path, past, info.ModTime())
			}
			return err
		}, "was altered", true},
		"a folder instead": {func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o755)
		}, "was altered", false},
		"not executable": {func(path string) error { return os.Chmod(path, 0o655) }, "may not be executed any more", false},
	} {
		t.Run(name, func(t *testing.T) {
			base, r := folder(t)
			path := filepath.Join(base, "a", "b c", "file 7")
			require.NoError(t, c.spoil(path))
			damage, _ := r.Check(base, false)
			if c.slow {
				require.Empty(t, damage)
			}
			damage, _ = r.Check(base, c.slow)
			require.Len(t, damage, 1)
			require.Equal(t, path+" "+c.why, damage[0].String())
			require.Equal(t, c.why == "is missing", damage[0].Gone)
			r.Forget(base, map[string]bool{path: true})
			damage, _ = r.Check(base, true)
			require.Empty(t, damage)
		})
	}
	for name, instead := range map[string]func(path string) error{
		"a link to nothing": func(path string) error { return os.Symlink("nowhere", path) },
		"another link":      func(path string) error { return os.Symlink(filepath.Dir(path), path) },
		"no link":           func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			base, r := folder(t)
			require.NoError(t, os.Remove(filepath.Join(base, "a", "link")))
			require.NoError(t, instead(filepath.Join(base, "a", "link")))
			damage, _ := r.Check(base, false)
			require.Len(t, damage, 1)
		})
	}
}

func TestAddedFilesAreSeen(t *testing.T) {
	base, r := folder(t)
	require.Empty(t, r.Added(base, filepath.Join(base, "a")))
	added := filepath.Join(base, "a", "b c", "new")
	require.NoError(t, os.WriteFile(added, nil, 0o644))
	damage, _ := r.Check(base, true)
	require.Empty(t, damage, "not every folder is for recorded files alone")
	damage = r.Added(base, filepath.Join(base, "a"))
	require.Len(t, damage, 1)
	require.Equal(t, added+" was added", damage[0].String())
	require.False(t, damage[0].Gone)
}

// A folder that was copied or restored has other times: it is read once, and known again.
func TestTimesAreRenewed(t *testing.T) {
	base, r := folder(t)
	copied := filepath.Join(t.TempDir(), "elsewhere")
	require.NoError(t, os.CopyFS(copied, os.DirFS(base)))
	damage, renewed := r.Check(copied, false)
	require.Empty(t, damage)
	require.True(t, renewed)
	damage, renewed = r.Check(copied, false)
	require.Empty(t, damage)
	require.False(t, renewed)
}

func TestARecordThatIsNotWholeIsAnError(t *testing.T) {
	base, r := folder(t)
	path := filepath.Join(base, "record")
	text := r.Text()
	for size := range len(text) {
		if size%7 == 0 || size > len(text)-100 {
			require.NoError(t, os.WriteFile(path, text[:size], 0o644))
			_, err := Read(path)
			require.Error(t, err, "%d of %d bytes", size, len(text))
		}
	}
	_, err := Read(filepath.Join(base, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
