package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// A backend that is not there is named before anything runs.
func TestBackendIsTriedBeforehand(t *testing.T) {
	h := setuptest.Ready(t)
	for _, backend := range []string{"xla:/nowhere/plugin.so", "go"} {
		err := h.CheckBackend(t.Context(), backend)
		require.Error(t, err)
		cmd := rootCommand()
		cmd.SetArgs([]string{"run", "--offline", "--work", string(h.Work), "--backend", backend, setuptest.Notebook(t, "%%\npanic(1)")})
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), "--backend="+backend)
	}
	require.NoError(t, h.CheckBackend(t.Context(), "wasm"))
}

// A number is a chapter, as lab reset has it; anything else is a path.
func TestNumberStandsForAChapter(t *testing.T) {
	found, err := chapters("", []string{"x.ipynb", "1"})
	require.NoError(t, err)
	require.Equal(t, "x.ipynb", found[0])
	require.Regexp(t, `/notebooks/01-[^/]*\.ipynb$`, found[1])
	require.FileExists(t, found[1])
	_, err = chapters("", []string{"77"})
	require.ErrorContains(t, err, "77")
}

func TestSummaryNamesTheEngineThatACellNames(t *testing.T) {
	says := notebook.Cell{Type: "code", Outputs: []notebook.Output{{Text: "XLA computes on 2 cores.\n"}}}
	require.Equal(t, "1 cell in 2.0 s", summary(notebook.New(says), 2*time.Second))
	says.Metadata.Tags = []string{notebook.TagMachine}
	require.Equal(t, "1 cell in 2.0 s; XLA computes on 2 cores.", summary(notebook.New(says), 2*time.Second))
}

// The third begins when one of the first two has ended, and both fail.
func TestNoneBeginsAfterOneFails(t *testing.T) {
	h := setuptest.Ready(t)
	runs := t.TempDir()
	args := []string{"run", "--offline", "--work", string(h.Work), "--output", runs}
	for _, cell := range []string{`panic("first")`, `panic("second")`, `fmt.Println("third")`} {
		nb := setuptest.Notebook(t, "%%\n"+cell)
		renamed := filepath.Join(t.TempDir(), fmt.Sprintf("%d.ipynb", len(args)))
		require.NoError(t, os.Rename(nb, renamed))
		args = append(args, renamed)
	}
	cmd := rootCommand()
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	require.ErrorContains(t, err, "panic: first")
	require.ErrorContains(t, err, "panic: second")
	written, err := os.ReadDir(runs)
	require.NoError(t, err)
	require.Empty(t, written)
}
