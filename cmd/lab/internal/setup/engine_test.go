package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/notebook"
)

// Cells link neither HTTP nor TLS: that is a third of their link time, and they have nothing to fetch.
func TestCellsLinkNoNetwork(t *testing.T) {
	h := ready(t)
	require.Len(t, h.cellModules(), 2, "set-up has made the engine for cells")
	mod, err := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	require.NoError(t, err)
	work := filepath.Join(t.TempDir(), "go.work")
	require.NoError(t, os.WriteFile(work, []byte("go "+goLine(mod)+"\nuse (\n"+strings.Join(h.cellModules(), "\n")+"\n)\n"), 0o644))
	deps := func(env ...string) string {
		cmd := exec.Command("go", append([]string{"list", "-deps"}, cellImports(t, h)...)...)
		cmd.Dir, cmd.Env = h.Root, append(os.Environ(), append(env, "GOPROXY=off")...)
		out, err := cmd.Output()
		require.NoError(t, err)
		return "\n" + string(out)
	}
	cell := deps("GOWORK="+work, "GOFLAGS=-tags=cell")
	require.Contains(t, cell, "\n"+goXLA+"/pjrt\n", "cells have XLA in them")
	for _, heavy := range []string{"net/http", "crypto/tls", "text/template", "testing"} {
		require.NotContains(t, cell, "\n"+heavy+"\n")
	}
	require.Contains(t, deps("GOFLAGS="), "\nnet/http\n", "without the workspace they would")
}

// cellImports are the project's packages that the notebooks import.
func cellImports(t *testing.T, h Home) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.Root, "notebooks", "*.ipynb"))
	require.NoError(t, err)
	found := map[string]bool{}
	for _, path := range paths {
		nb, err := notebook.Read(path)
		require.NoError(t, err)
		for _, c := range nb.Cells {
			for line := range strings.Lines(string(c.Source)) {
				if name := strings.Trim(strings.TrimSpace(line), `"`); strings.HasPrefix(name, "descent.example/pkg/") {
					found[name] = true
				}
			}
		}
	}
	require.NotEmpty(t, found)
	var imports []string
	for name := range found {
		imports = append(imports, name)
	}
	return imports
}

// The copy's go.mod is the lab's in all but its name, its tools and the module that it replaces.
func TestEngineModule(t *testing.T) {
	require.Equal(t, "module github.com/gomlx/go-xla\n\ngo 1.26.5\n\n\nrequire (\n\tgithub.com/gomlx/gomlx v0.28.4\n)\n",
		string(engineModule([]byte("module descent.example\n\ngo 1.26.5\n\ntool (\n\tx\n)\n\nrequire (\n\tgithub.com/gomlx/go-xla v0.4.2\n\tgithub.com/gomlx/gomlx v0.28.4\n)\n"))))
}

// Another go-xla may want to be changed elsewhere.
func TestKeepProgramsKnowsTheSources(t *testing.T) {
	other := filepath.Join(t.TempDir(), "compile.go")
	require.NoError(t, os.WriteFile(other, []byte("exec, err := somethingElse(cc)"), 0o644))
	_, err := keepPrograms(other)
	require.ErrorContains(t, err, "not those that this lab knows")
}
