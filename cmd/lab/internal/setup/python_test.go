package setup

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"github.com/stretchr/testify/require"
)

// fakePython is a program that answers as the given Python would.
type fakePython struct {
	name  string
	minor int
	venv  bool
}

// onlyOnPath makes these all that the PATH holds.
func onlyOnPath(t *testing.T, pythons ...fakePython) {
	t.Helper()
	dir := t.TempDir()
	for _, p := range pythons {
		script := fmt.Sprintf("#!/bin/sh\necho '{\"path\":\"/fake/%s\",\"major\":3,\"minor\":%d,\"micro\":1,\"venv\":%t}'\n", p.name, p.minor, p.venv)
		require.NoError(t, os.WriteFile(filepath.Join(dir, p.name), []byte(script), 0o755))
	}
	t.Setenv("PATH", dir)
}

func TestFindPython(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		onlyOnPath(t)
		_, err := findPython(t.Context())
		require.ErrorContains(t, err, "no Python was found, the lab needs 3.10 or newer: install it with `")
	})
	t.Run("too old", func(t *testing.T) {
		onlyOnPath(t, fakePython{"python3", 9, true})
		_, err := findPython(t.Context())
		require.ErrorContains(t, err, "Python 3.9.1 is too old, the lab needs 3.10 or newer")
	})
	t.Run("without venv", func(t *testing.T) {
		onlyOnPath(t, fakePython{"python3", 11, false})
		_, err := findPython(t.Context())
		require.EqualError(t, err, "Python 3.11.1 lacks its module venv: install it with `sudo apt install python3.11-venv` and run this again")
	})
	t.Run("an old one and a good one", func(t *testing.T) {
		onlyOnPath(t, fakePython{"python3", 9, true}, fakePython{"python3.12", 12, true})
		p, err := findPython(t.Context())
		require.NoError(t, err)
		require.Equal(t, "3.12.1", p.version())
	})
	t.Run("one that hangs and a good one", func(t *testing.T) {
		process.Patience = 300 * time.Millisecond
		defer func() { process.Patience = 10 * time.Second }()
		onlyOnPath(t, fakePython{"python3.12", 12, true})
		require.NoError(t, os.WriteFile(filepath.Join(os.Getenv("PATH"), "python3"), []byte("#!/bin/sh\n/bin/sleep 100 & wait\n"), 0o755))
		p, err := findPython(t.Context())
		require.NoError(t, err)
		require.Equal(t, "3.12.1", p.version())
		require.NoError(t, os.Remove(filepath.Join(os.Getenv("PATH"), "python3.12")))
		_, err = findPython(t.Context())
		require.ErrorContains(t, err, "python3 does not answer within 300ms, and no other Python was found")
	})
	t.Run("broken", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
		t.Setenv("PATH", dir)
		_, err := findPython(t.Context())
		require.ErrorContains(t, err, "no Python was found")
	})
}

func TestExplain(t *testing.T) {
	require.Contains(t, Explain("OSError: [Errno 28] No space left on device"), "disk is full")
	require.Contains(t, Explain("dial tcp: lookup proxy: no such host"), "network is not reached")
	for _, proxy := range []string{
		`proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused`,
		`WARNING: Retrying after connection broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError('Failed to establish a new connection'))'`,
		`InvalidURL: Proxy URL had unsupported scheme nonsense, should use http:// or https://`,
	} {
		require.Contains(t, Explain(proxy), "HTTPS_PROXY")
	}
	require.Equal(t, "something else", Explain("something else\n"))
	err := explainGo("go: x@v1: reading https://proxy.example/x/@v/v1.mod: 502 Bad Gateway\n")
	require.EqualError(t, err, "the module proxy did not give what was asked for; check `go env GOPROXY` and run this again\n"+
		"    go: x@v1: reading https://proxy.example/x/@v/v1.mod: 502 Bad Gateway")
	require.EqualError(t, explainGo("x.go:1: undefined: y\nx.go:2: too many errors\n"), "go said:\n    x.go:1: undefined: y\n    x.go:2: too many errors")
}

// An interpreter counts as one that works by what it says: many a program ends without an error whatever it is asked.
func TestAnotherProgramIsNoPython(t *testing.T) {
	require.True(t, ready(t).pythonStep().works())
	h := Home{Dir: t.TempDir()}
	require.NoError(t, os.MkdirAll(filepath.Dir(h.Python()), 0o755))
	for _, other := range []string{"true", "echo", "false"} {
		path, err := exec.LookPath(other)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(path, h.Python()))
		require.False(t, h.pythonStep().works(), other)
		require.NoError(t, os.Remove(h.Python()))
	}
}

// Every program of the lab imports jsonschema, which builds the parser of a large grammar, for a second, where it finds one.
func TestNoGrammarIsBuiltAtStart(t *testing.T) {
	h := ready(t)
	out, err := exec.Command(h.Python(), "-I", "-c", "import jsonschema, sys; print('lark' in sys.modules)").Output()
	require.NoError(t, err)
	require.Equal(t, "False\n", string(out))
}
