package setup

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"github.com/stretchr/testify/require"
)

// ready is the lab that is set up here, with an empty workspace.
func ready(t *testing.T) Home {
	t.Helper()
	h, err := Find(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, h.Work.Make())
	require.FileExists(t, h.Python(), "run `go run ./cmd/lab setup` first")
	return h
}

func TestCleanWaitsForNobodyToUseTheLab(t *testing.T) {
	h := Home{Dir: filepath.Join(t.TempDir(), ".lab")}
	require.NoError(t, os.Mkdir(h.Dir, 0o755))
	done, err := h.use()
	require.NoError(t, err)
	doneToo, err := h.use() // two labs may be open at once
	require.NoError(t, err)
	done()
	require.ErrorContains(t, h.Clean(t.Context(), false), "end it there with Ctrl-C")
	require.DirExists(t, h.Dir)
	doneToo()
	require.NoError(t, h.Clean(t.Context(), false))
	require.NoDirExists(t, h.Dir)
	require.NoError(t, h.Clean(t.Context(), false), "cleaning what is clean")
}

func TestLockOutlivesTheFolder(t *testing.T) {
	h := Home{Dir: filepath.Join(t.TempDir(), ".lab")}
	first, err := h.lock(t.Context())
	require.NoError(t, err)
	got := make(chan *os.File)
	go func() {
		second, _ := h.lock(t.Context())
		got <- second
	}()
	time.Sleep(100 * time.Millisecond) // most likely it waits by now; if not, it has nothing to recover from
	require.NoError(t, os.RemoveAll(h.Dir))
	first.Close()
	second := <-got
	defer second.Close()
	_, err = process.LockFile(h.path("lock"), syscall.LOCK_EX|syscall.LOCK_NB)
	require.ErrorIs(t, err, syscall.EWOULDBLOCK, "the second lab holds a lock that the third one does not see")
}

func TestTempDirRemovesThoseOfKilledLabs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, remove, err := TempDir()
	require.NoError(t, err)
	killed, newborn := filepath.Join(os.TempDir(), "descent-lab-1"), filepath.Join(os.TempDir(), "descent-lab-2")
	require.NoError(t, os.MkdirAll(filepath.Join(killed, "gonb"), 0o700))
	require.NoError(t, os.Mkdir(newborn, 0o700))
	// What another user may lay out there: a name that is a pattern, a folder open to others, a link.
	pattern, open, link := filepath.Join(os.TempDir(), "descent-lab-|.-1x"), filepath.Join(os.TempDir(), "descent-lab-3"), filepath.Join(os.TempDir(), "descent-lab-4")
	require.NoError(t, os.Mkdir(pattern, 0o700))
	require.NoError(t, os.Mkdir(open, 0o755))
	require.NoError(t, os.Symlink(t.TempDir(), link))
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(alive, long, long))
	for _, dir := range []string{killed, pattern, open, link} {
		require.NoError(t, os.Chtimes(dir, long, long))
	}

	_, removeToo, err := TempDir()
	require.NoError(t, err)
	require.NoDirExists(t, killed)
	require.DirExists(t, alive)
	require.DirExists(t, newborn)
	for _, foreign := range []string{pattern, open, link} {
		_, err := os.Lstat(foreign)
		require.NoError(t, err)
		require.NoFileExists(t, filepath.Join(foreign, "lock"))
	}
	remove()
	removeToo()
	require.NoDirExists(t, alive)
}

// Where .lab is a link, what the lab made lies elsewhere, maybe among other things.
func TestCleanFollowsALink(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	h := Home{Root: root, Dir: filepath.Join(root, ".lab")}
	require.NoError(t, os.Symlink(elsewhere, h.Dir))
	require.NoError(t, WriteFile(h.path("python", "bin", "python"), nil))
	require.NoError(t, h.Clean(t.Context(), false))
	require.NoFileExists(t, h.Dir)
	require.NoDirExists(t, elsewhere, "it was empty then")

	require.NoError(t, os.MkdirAll(elsewhere, 0o755))
	require.NoError(t, os.Symlink(elsewhere, h.Dir))
	require.NoError(t, WriteFile(h.path("python", "bin", "python"), nil))
	diary := filepath.Join(elsewhere, "diary")
	require.NoError(t, os.WriteFile(diary, nil, 0o644))
	require.NoError(t, h.Clean(t.Context(), false))
	require.NoFileExists(t, h.Dir)
	require.NoDirExists(t, filepath.Join(elsewhere, "python"))
	require.FileExists(t, diary)
}

// clean knows the name of all that set-up and the tests put into the lab's folder.
func TestCleanKnowsTheFolder(t *testing.T) {
	h := ready(t)
	entries, err := os.ReadDir(h.Dir)
	require.NoError(t, err)
	for _, entry := range entries {
		require.Contains(t, installed, entry.Name())
	}
}

func TestPlainPath(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", filepath.Join(t.TempDir(), "cache"))
	for _, name := range []string{"plain", "Ünïcödé-1.2_x", "e\u0301"} {
		root := filepath.Join("/home", name)
		path, err := plainPath(root)
		require.NoError(t, err)
		require.Equal(t, root, path)
	}
	root := filepath.Join(t.TempDir(), `it's "a", $HOME 100% (é): x`)
	require.NoError(t, os.Mkdir(root, 0o755))
	path, err := plainPath(root)
	require.NoError(t, err)
	require.True(t, isPlain(path), path)
	there, err := filepath.EvalSymlinks(path)
	require.NoError(t, err)
	require.Equal(t, root, there)
	again, err := plainPath(root)
	require.NoError(t, err)
	require.Equal(t, path, again)

	// A link that leads elsewhere is not followed, and one in a folder that others can write is not made.
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Symlink("/elsewhere", path))
	again, err = plainPath(root)
	require.NoError(t, err)
	require.Equal(t, path, again)
	there, err = os.Readlink(path)
	require.NoError(t, err)
	require.Equal(t, root, there)
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o777))
	require.ErrorContains(t, linkTo(root, filepath.Dir(path), path), "is not yours alone to write")

	h := Home{Root: path, Dir: filepath.Join(path, ".lab")}
	require.NoError(t, h.Clean(t.Context(), false))
	require.NoFileExists(t, path)
	require.DirExists(t, root)
}

// A workspace where `lab clean` would remove it is refused, also through a link or where it is not made yet.
func TestWorkspaceIsNotWhatCleanRemoves(t *testing.T) {
	root, cache := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte("module descent.example\n"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(root, ".lab"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(root, ".lab"), filepath.Join(root, "link")))
	t.Chdir(root)
	for _, work := range []string{".lab", ".lab/mine", "link/new/mine"} {
		_, err := Find(work)
		require.ErrorContains(t, err, "which `lab clean` removes: give another folder", work)
	}
	if runtime.GOOS == "linux" {
		_, err := Find(filepath.Join(cache, "descent", "mine"))
		require.ErrorContains(t, err, "give another folder")
	}
	for _, work := range []string{"work", ".labour", filepath.Join(cache, "mine")} {
		_, err := Find(work)
		require.NoError(t, err)
	}
}
