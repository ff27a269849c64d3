package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCleanWaitsForNobodyToUseTheLab(t *testing.T) {
	h := home{dir: filepath.Join(t.TempDir(), ".lab")}
	require.NoError(t, os.Mkdir(h.dir, 0o755))
	done, err := h.use()
	require.NoError(t, err)
	doneToo, err := h.use() // two labs may be open at once
	require.NoError(t, err)
	done()
	require.ErrorContains(t, h.clean(t.Context(), false), "end it there with Ctrl-C")
	require.DirExists(t, h.dir)
	doneToo()
	require.NoError(t, h.clean(t.Context(), false))
	require.NoDirExists(t, h.dir)
	require.NoError(t, h.clean(t.Context(), false), "cleaning what is clean")
}

func TestLockOutlivesTheFolder(t *testing.T) {
	h := home{dir: filepath.Join(t.TempDir(), ".lab")}
	first, err := h.lock(t.Context())
	require.NoError(t, err)
	got := make(chan *os.File)
	go func() {
		second, _ := h.lock(t.Context())
		got <- second
	}()
	time.Sleep(100 * time.Millisecond) // most likely it waits by now; if not, it has nothing to recover from
	require.NoError(t, os.RemoveAll(h.dir))
	first.Close()
	second := <-got
	defer second.Close()
	_, err = lockFile(h.path("lock"), syscall.LOCK_EX|syscall.LOCK_NB)
	require.ErrorIs(t, err, syscall.EWOULDBLOCK, "the second lab holds a lock that the third one does not see")
}

func TestTempDirRemovesThoseOfKilledLabs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, remove, err := tempDir()
	require.NoError(t, err)
	killed, newborn := filepath.Join(os.TempDir(), "descent-lab-1"), filepath.Join(os.TempDir(), "descent-lab-2")
	require.NoError(t, os.MkdirAll(filepath.Join(killed, "gonb"), 0o755))
	require.NoError(t, os.Mkdir(newborn, 0o755))
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(alive, long, long))
	require.NoError(t, os.Chtimes(killed, long, long))

	_, removeToo, err := tempDir()
	require.NoError(t, err)
	require.NoDirExists(t, killed)
	require.DirExists(t, alive)
	require.DirExists(t, newborn)
	remove()
	removeToo()
	require.NoDirExists(t, alive)
}
