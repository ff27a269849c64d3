package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

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
	t.Run("broken", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
		t.Setenv("PATH", dir)
		_, err := findPython(t.Context())
		require.ErrorContains(t, err, "no Python was found")
	})
}

func TestExplain(t *testing.T) {
	require.Contains(t, explain("OSError: [Errno 28] No space left on device"), "disk is full")
	require.Contains(t, explain("dial tcp: lookup proxy: no such host"), "network is not reached")
	require.Equal(t, "something else", explain("something else\n"))
}
