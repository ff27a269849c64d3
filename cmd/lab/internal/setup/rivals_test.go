package setup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/bench"
	"github.com/stretchr/testify/require"
)

// What is downloaded is pinned, and the libraries that nocuda.py stands in for are those of the pinned PyTorch.
func TestRivalsArePinned(t *testing.T) {
	for _, r := range rivals {
		pins := regexp.MustCompile(`(?m)^[a-z][\w-]*==\S+(?: ;.*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+`).FindAllString(r.lock, -1)
		rest := r.lock
		for _, pin := range pins {
			rest = strings.Replace(rest, pin, "", 1)
		}
		require.GreaterOrEqual(t, len(pins), 5)
		require.NotRegexp(t, `(?m)^[^#\s]`, rest, "%s has a line without a hash", r.name)
		require.NotZero(t, r.megabytes[runtime.GOOS])
	}
	version := regexp.MustCompile(`(?m)^torch==(\S+)`).FindStringSubmatch(torchLock)[1]
	require.Contains(t, noCUDA, "# As torch "+version+" names them.")
}

// fakeLab is a lab in an empty folder, whose Python is the program given.
func fakeLab(t *testing.T, python string) Home {
	t.Helper()
	root := t.TempDir()
	h := Home{Root: root, Dir: filepath.Join(root, ".lab")}
	require.NoError(t, os.MkdirAll(filepath.Dir(h.Python()), 0o755))
	require.NoError(t, os.Symlink(python, h.Python()))
	return h
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
	return path
}

// A rival that cannot be had is left out, and the reason is one sentence.
func TestAbsentRivals(t *testing.T) {
	const newer = `case "$*" in -c*) echo 3.12; exit;; esac; `
	for want, c := range map[string]struct {
		python  string
		offline bool
	}{
		"it is not installed and --offline forbids its download":                      {newer, true},
		"it needs Python 3.11 or newer and the lab's environment has 3.10":            {"echo 3.10", false},
		"the network is not reached; connect and run this again":                      {newer + "echo 'Failed to establish a new connection' >&2; exit 1", false},
		"python said: ERROR: No matching distribution found":                          {newer + "echo 'ERROR: No matching distribution found' >&2; exit 1", false},
		"it does not start (ImportError: libgomp.so: cannot open shared object file)": {newer + `case "$*" in *pip*|*nocuda*) exit;; esac; printf 'Traceback\nImportError: libgomp.so: cannot open shared object file' >&2; exit 1`, false},
	} {
		h := fakeLab(t, script(t, c.python))
		job := bench.Job{Absent: map[string]string{}}
		var said strings.Builder
		err := h.exclusively(t.Context(), func(h Home) error {
			return h.rivals(t.Context(), &job, c.offline, report.New(&said))
		})
		require.NoError(t, err)
		require.Empty(t, job.Others)
		for _, r := range rivals {
			require.Contains(t, job.Absent[r.key], want)
			require.NotContains(t, job.Absent[r.key], "\n")
			require.Contains(t, said.String(), r.name+" cannot take part: ")
			require.Equal(t, !c.offline && !strings.Contains(want, "newer"),
				strings.Contains(said.String(), fmt.Sprintf("%s is downloaded once, %d MB", r.name, r.megabytes[runtime.GOOS])))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	h := fakeLab(t, script(t, newer))
	err := h.exclusively(t.Context(), func(h Home) error {
		cancel()
		return h.rivals(ctx, &bench.Job{Absent: map[string]string{}}, false, report.New(&strings.Builder{}))
	})
	require.ErrorIs(t, err, context.Canceled)
}

// Rivals are installed once, and again for another Python.
func TestRivalsAreInstalledOnce(t *testing.T) {
	calls := filepath.Join(t.TempDir(), "calls")
	install := `echo "$*" >> ` + calls + `; for last; do :; done; case "$*" in *pip*) mkdir -p "$last/$(basename "$last")";; esac`
	h := fakeLab(t, script(t, `case "$*" in -c*) echo 3.12; exit;; esac; `+install))
	prepare := func(cases ...bench.Case) bench.Job {
		job := bench.Job{Cases: cases, Absent: map[string]string{}}
		require.NoError(t, h.exclusively(t.Context(), func(h Home) error {
			return h.rivals(t.Context(), &job, false, report.New(&strings.Builder{}))
		}))
		require.Empty(t, job.Absent)
		return job
	}
	job := prepare()
	first, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(first), "pip install"))
	require.Equal(t, 2, strings.Count(string(first), "--require-hashes"))
	require.Equal(t, []string{h.Python(), "-I", h.path("bench", "bench.py"), "torch", h.path("bench", "torch")}, job.Others[1].Command)
	require.Len(t, job.Others, 2)
	several := prepare(bench.Case{Nets: 1}, bench.Case{Nets: 2})
	require.Len(t, several.Others, 3, "of several nets JAX makes one program, too")
	require.Equal(t, []string{h.Python(), "-I", h.path("bench", "bench.py"), "jax_vmap", h.path("bench", "jax")}, several.Others[1].Command)
	second, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.NoError(t, os.Remove(h.Python()))
	require.NoError(t, os.Symlink(script(t, `case "$*" in -c*) echo 3.13; exit;; esac; `+install), h.Python()))
	prepare()
	third, err := os.ReadFile(calls)
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(third), "pip install"))
}

// What nocuda.py writes is a library to the loader: it has the symbols that it should, and no others.
func TestEmptyLibraries(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("PyTorch is a CUDA build on Linux only")
	}
	python, err := findPython(t.Context())
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "nocuda.py"), []byte(noCUDA), 0o644))
	cmd := exec.CommandContext(t.Context(), python.Path, "-c", `
import ctypes, os, shutil, sys
from pathlib import Path
import nocuda
lib = Path("packages/torch/lib")
lib.mkdir(parents=True)
shutil.copy(sys.executable, lib / "libtorch.so")  # whose machine it is
nocuda.main("packages")
assert len(list(lib.iterdir())) == 12, list(lib.iterdir())
for name in nocuda.LIBRARIES:
    ctypes.CDLL(str(lib / name))
name, version, symbols = nocuda.NVSHMEM
loaded = ctypes.CDLL(str(lib / name))
find = ctypes.CDLL(None).dlvsym
find.restype, find.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
for symbol in symbols:
    assert find(loaded._handle, symbol.encode(), version.encode()), symbol
    assert not find(loaded._handle, symbol.encode(), b"OTHER"), symbol
assert not find(loaded._handle, b"nvshmem_finalize", version.encode())
`)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
