package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

func TestCheckRun(t *testing.T) {
	good := saveNotebook(t, "%%")
	dir := t.TempDir()
	save := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		return filepath.Join(dir, name)
	}
	huge := save("huge.ipynb", "")
	require.NoError(t, os.Truncate(huge, 600<<20))
	minute := runOptions{timeout: time.Minute}
	require.NoError(t, checkRun([]string{good}, minute))
	for name, c := range map[string]struct {
		notebooks []string
		opt       runOptions
		says      string
	}{
		"none":           {nil, minute, "no notebook is given"},
		"missing":        {[]string{filepath.Join(dir, "no.ipynb")}, minute, "no.ipynb: no such file"},
		"a folder":       {[]string{dir}, minute, "is a directory"},
		"not JSON":       {[]string{save("text.ipynb", "hello")}, minute, "text.ipynb is not a notebook: it is not JSON"},
		"not a notebook": {[]string{save("empty.ipynb", "{}")}, minute, "empty.ipynb is not a notebook: it does not say its format"},
		"format 3":       {[]string{save("old.ipynb", `{"nbformat":3,"worksheets":[]}`)}, minute, "old.ipynb is a notebook of format 3: open it in JupyterLab"},
		"no metadata":    {[]string{save("bare.ipynb", `{"nbformat":4,"cells":[]}`)}, minute, "it has no metadata"},
		"no cells":       {[]string{save("null.ipynb", `{"nbformat":4,"metadata":{},"cells":null}`)}, minute, "it has no list of cells"},
		"odd cells":      {[]string{save("odd.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"heading","source":""}]}`)}, minute, `its cell 1 is neither code nor text, but "heading"`},
		"no source":      {[]string{save("hollow.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code"}]}`)}, minute, "its cell 1 has no source"},
		"cells no cells": {[]string{save("seven.ipynb", `{"nbformat":4,"metadata":{},"cells":[7]}`)}, minute, `seven.ipynb is not a whole notebook: its "cells" holds a JSON number`},
		"a list":         {[]string{save("list.ipynb", `[]`)}, minute, "list.ipynb is not a notebook: it is a JSON array"},
		"odd metadata":   {[]string{save("meta.ipynb", `{"nbformat":4,"metadata":[],"cells":[]}`)}, minute, `meta.ipynb is not a whole notebook: its "metadata" holds a JSON array, which no notebook has there`},
		"odd source":     {[]string{save("source.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":7}]}`)}, minute, `its "cells.source" holds a JSON number`},
		"Python":         {[]string{save("python.ipynb", `{"nbformat":4,"metadata":{"kernelspec":{"language":"python"}},"cells":[]}`)}, minute, "is a notebook in python: the lab executes Go"},
		"huge":           {[]string{huge}, minute, "it has 600 MiB"},
		"another name":   {[]string{save("page.html", `{"nbformat":4}`)}, minute, "page.html is not a notebook: its name"},
		"same names":     {[]string{good, save(filepath.Base(good), `{"nbformat":4,"metadata":{},"cells":[]}`)}, minute, "would have the same name"},
		"unknown name":   {[]string{good}, runOptions{timeout: time.Minute, set: []string{"lr=1"}}, "n.ipynb has no parameters"},
		"set":            {[]string{good}, runOptions{timeout: time.Minute, set: []string{"lr"}}, "not of the form name=value"},
		"two places":     {[]string{good}, runOptions{timeout: time.Minute, inPlace: true, output: dir}, "give one of them"},
		"set in place":   {[]string{good}, runOptions{timeout: time.Minute, inPlace: true, set: []string{"lr=1"}}, "leave out --set"},
		"timeout":        {[]string{good}, runOptions{timeout: time.Millisecond}, "--timeout=1ms is too short"},
	} {
		require.ErrorContains(t, checkRun(c.notebooks, c.opt), c.says, name)
	}
}

func TestSummaryNamesTheEngineThatACellNames(t *testing.T) {
	says := notebook.Cell{Type: "code", Outputs: []notebook.Output{{Text: "XLA computes on 2 cores.\n"}}}
	require.Equal(t, "1 cells in 2.0 s", summary(notebook.New(says), 2*time.Second))
	says.Metadata.Tags = []string{notebook.TagMachine}
	require.Equal(t, "1 cells in 2.0 s; XLA computes on 2 cores.", summary(notebook.New(says), 2*time.Second))
}

func TestRunKnowsBeforehandWhereItMayNotWrite(t *testing.T) {
	h, path := setup.Home{Dir: t.TempDir()}, saveNotebook(t, "%%")
	_, err := run(t.Context(), h, path, runOptions{output: filepath.Dir(path)}, nil)
	require.ErrorContains(t, err, "would overwrite "+path+" itself")
	_, err = run(t.Context(), h, path, runOptions{output: path}, nil) // a file, not a folder
	require.ErrorContains(t, err, "nothing can be written there: mkdir "+path)
	for name, opt := range map[string]runOptions{"n.ipynb": {}, "n.html": {html: true}} {
		opt.output = t.TempDir()
		folder := filepath.Join(opt.output, name)
		require.NoError(t, os.Mkdir(folder, 0o755))
		_, err := run(t.Context(), h, path, opt, nil)
		require.ErrorContains(t, err, folder+" is to be written, and a folder has that name")
	}
}

func TestPythonThatSaysNothingIsNamed(t *testing.T) {
	for _, program := range []string{"true", "false"} {
		h := setup.Home{Root: t.TempDir(), Dir: t.TempDir(), Work: setup.Workspace(t.TempDir())}
		path, err := exec.LookPath(program)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(h.Python()), 0o755))
		require.NoError(t, os.Symlink(path, h.Python()))
		_, err = run(t.Context(), h, saveNotebook(t, "%%"), runOptions{output: t.TempDir(), timeout: time.Minute}, nil)
		require.ErrorContains(t, err, "could not be executed: the lab's Python ended without a word", program)
	}
}
