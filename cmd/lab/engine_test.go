package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"descent.example/pkg/accel/plugin"
	"descent.example/pkg/notebook"
)

// Cells link neither HTTP nor TLS: that is a third of their link time, and they have nothing to fetch.
func TestCellsLinkNoNetwork(t *testing.T) {
	h := ready(t)
	require.Len(t, h.workspace(), 2, "set-up has made the engine for cells")
	mod, err := os.ReadFile(filepath.Join(h.root, "go.mod"))
	require.NoError(t, err)
	work := filepath.Join(t.TempDir(), "go.work")
	require.NoError(t, os.WriteFile(work, []byte("go "+goLine(mod)+"\nuse (\n"+strings.Join(h.workspace(), "\n")+"\n)\n"), 0o644))
	deps := func(env ...string) string {
		cmd := exec.Command("go", append([]string{"list", "-deps"}, cellImports(t, h)...)...)
		cmd.Dir, cmd.Env = h.root, append(os.Environ(), append(env, "GOPROXY=off")...)
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
func cellImports(t *testing.T, h home) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.root, "notebooks", "*.ipynb"))
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

// A cell that runs again takes the programs that an earlier one has compiled, computes the same with them, and compiles
// anew what is damaged.
func TestCellsKeepCompiledPrograms(t *testing.T) {
	cpu, err := plugin.Find(plugin.CPU)
	if err != nil || runtime.GOOS != "linux" || os.Getenv("GOMLX_BACKEND") != "" || os.Getenv("XLA_FLAGS") != "" {
		t.Skip("cells do not keep programs here")
	}
	build, err := exec.Command("go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	cache := t.TempDir()
	t.Setenv("GOCACHE", strings.TrimSpace(string(build)))
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", filepath.Dir(cpu.Path))
	t.Setenv("XDG_CACHE_HOME", cache)
	path := saveNotebook(t, `%%
trainer := lab.Must(train.New(lab.Must(accel.Open()), lab.Must(problem.Diabetes()), optim.GD(), train.Record{Params: true}))
run := lab.Must(trainer.Run(context.Background(), train.Config{LearningRate: 0.3, Steps: 1000}))
lab.Say("%v %v", run.Loss, run.Params[1000])`)
	kept := func() map[string]time.Time {
		entries, err := os.ReadDir(filepath.Join(cache, "descent", "programs"))
		require.NoError(t, err)
		found := map[string]time.Time{}
		for _, e := range entries {
			info, err := e.Info()
			require.NoError(t, err)
			found[filepath.Join(cache, "descent", "programs", e.Name())] = info.ModTime()
		}
		return found
	}
	first, err := execute(t, path, runOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, kept())
	long := time.Now().Add(-time.Hour)
	for name := range kept() {
		require.NoError(t, os.Chtimes(name, long, long))
	}
	again, err := execute(t, path, runOptions{})
	require.NoError(t, err)
	require.Equal(t, first.Cells[0].Words(), again.Cells[0].Words())
	for _, used := range kept() {
		require.True(t, used.After(long), "each was taken")
	}

	for name := range kept() {
		require.NoError(t, os.WriteFile(name, []byte("damaged"), 0o644))
	}
	again, err = execute(t, path, runOptions{})
	require.NoError(t, err)
	require.Equal(t, first.Cells[0].Words(), again.Cells[0].Words())
	for name := range kept() {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(1000), "compiled and kept anew")
	}
}

// Another go-xla may want to be changed elsewhere.
func TestKeepProgramsKnowsTheSources(t *testing.T) {
	_, err := keepPrograms("exec, err := somethingElse(cc)")
	require.ErrorContains(t, err, "not those that this lab knows")
}
