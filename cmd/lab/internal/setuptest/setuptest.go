// Package setuptest gives tests the lab that is set up here.
package setuptest

import (
	"os"
	"path/filepath"
	"testing"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// Ready is the lab with an empty workspace. The test fails if the lab is not set up.
func Ready(t testing.TB) setup.Home {
	t.Helper()
	h, err := setup.Find(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, h.Work.Make())
	for _, program := range []string{h.Python(), filepath.Join(h.Bin(), "gonb"), filepath.Join(h.Bin(), "kernel"), filepath.Join(h.Bin(), "goimports")} {
		require.FileExists(t, program, "run `go run ./cmd/lab setup` first")
	}
	return h
}

// Notebook writes a notebook, n.ipynb, of the given code cells, and returns its path.
func Notebook(t testing.TB, sources ...string) string {
	t.Helper()
	nb := notebook.New()
	for _, s := range sources {
		nb.Cells = append(nb.Cells, notebook.Cell{Type: "code", Source: notebook.Text(s)})
	}
	data, err := nb.Bytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "n.ipynb")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}
