package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"descent.example/pkg/record"
	"github.com/stretchr/testify/require"
)

func TestSettle(t *testing.T) {
	installation, cache := t.TempDir(), t.TempDir()
	write := func(path string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(path), 0o644))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1e9, 123456789)))
		return path
	}
	kept, removed := write(filepath.Join(installation, "bin", "kept")), write(filepath.Join(installation, "bin", "removed"))
	module := write(filepath.Join(cache, "mod", "module@v1", "a.go"))
	plugin := write(filepath.Join(cache, "descent", "plugins", "one", "plugin.so"))
	old := write(filepath.Join(cache, "go-build", "00", "old-d"))
	records := map[string]string{ // and the folder to which each is relative
		filepath.Join(installation, "stamps", "Tools"):                        installation,
		filepath.Join(cache, "descent", "records", "1", "Modules"):            installation,
		filepath.Join(cache, "descent", "plugins", "one", "plugin.so.record"): filepath.Dir(plugin),
	}
	for path, files := range map[string][]string{
		filepath.Join(installation, "stamps", "Tools"):                        {kept, removed},
		filepath.Join(cache, "descent", "records", "1", "Modules"):            {module},
		filepath.Join(cache, "descent", "plugins", "one", "plugin.so.record"): {plugin},
	} {
		r, err := record.Of("note", records[path], files...)
		require.NoError(t, err)
		write(path)
		require.NoError(t, os.WriteFile(path, r.Text(), 0o644))
	}
	require.NoError(t, os.Remove(removed))
	require.NoError(t, settle(installation, cache, filepath.Join(cache, "go-build")))

	for path, base := range records {
		r, err := record.Read(path)
		require.NoError(t, err)
		require.Equal(t, "note", r.Note)
		damage, renewed := r.Check(base, false)
		require.Empty(t, damage, path)
		require.False(t, renewed, "%s has the times of the files", path)
	}
	info, err := os.Stat(kept)
	require.NoError(t, err)
	require.Equal(t, time.Unix(1e9, 0), info.ModTime())
	info, err = os.Stat(old)
	require.NoError(t, err)
	require.True(t, info.ModTime().After(time.Now().AddDate(10, 0, 0)), "Go would remove it after five days")

	require.NoError(t, os.WriteFile(kept, []byte("another"), 0o644))
	require.ErrorContains(t, settle(installation, cache), kept)
}
