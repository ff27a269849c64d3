package headless

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"github.com/stretchr/testify/require"
)

func TestCheckRun(t *testing.T) {
	good := setuptest.Notebook(t, "%%")
	dir := t.TempDir()
	save := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		return filepath.Join(dir, name)
	}
	huge := save("huge.ipynb", "")
	require.NoError(t, os.Truncate(huge, 600<<20))
	pipe, device, dangling := filepath.Join(dir, "pipe.ipynb"), filepath.Join(dir, "zero.ipynb"), filepath.Join(dir, "dangling.ipynb")
	require.NoError(t, errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", device), os.Symlink("gone", dangling)))
	minute := Options{Timeout: time.Minute}
	require.NoError(t, Check([]string{good}, minute))
	for name, c := range map[string]struct {
		notebooks []string
		opt       Options
		says      string
	}{
		"none":           {nil, minute, "no notebook is given"},
		"missing":        {[]string{filepath.Join(dir, "no.ipynb")}, minute, "no.ipynb; those of"},
		"a folder":       {[]string{dir}, minute, "is a folder"},
		"a pipe":         {[]string{pipe}, minute, pipe + " is not a notebook"},
		"a device":       {[]string{device}, minute, device + " is not a notebook"},
		"a link":         {[]string{dangling}, minute, dangling + " is a link to gone"},
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
		"half a letter":  {[]string{save("half.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":"\\ud801 \ud83d\ude00 \ud800"}]}`)}, minute, `half.ipynb is not a whole notebook: it holds \ud800`},
		"not UTF-8":      {[]string{save("latin.ipynb", "{\"nbformat\":4,\"metadata\":{},\"cells\":[{\"cell_type\":\"raw\",\"source\":\"\xe4\"}]}")}, minute, "latin.ipynb is not a notebook"},
		"odd id":         {[]string{save("id.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"raw","source":"","id":5}]}`)}, minute, `id" holds a JSON number`},
		"odd minor":      {[]string{save("minor.ipynb", `{"nbformat":4,"nbformat_minor":1.5,"metadata":{},"cells":[]}`)}, minute, `its "nbformat_minor" holds a JSON number 1.5`},
		"no outputs":     {[]string{save("outputs.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":"","outputs":null}]}`)}, minute, `in its cell 1 "outputs" is null`},
		"null output":    {[]string{save("output.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"code","source":"","outputs":[null]}]}`)}, minute, `in its cell 1 an output is null`},
		"null metadata":  {[]string{save("null-meta.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"raw","source":"","metadata":null}]}`)}, minute, `in its cell 1 "metadata" is null`},
		"attachments":    {[]string{save("attached.ipynb", `{"nbformat":4,"metadata":{},"cells":[{"cell_type":"markdown","source":"","attachments":5}]}`)}, minute, `attachments" holds a JSON number`},
		"Python":         {[]string{save("python.ipynb", `{"nbformat":4,"metadata":{"kernelspec":{"language":"python"}},"cells":[]}`)}, minute, "is a notebook in python: the lab executes Go"},
		"huge":           {[]string{huge}, minute, "it has 600 MiB"},
		"another name":   {[]string{save("page.html", `{"nbformat":4}`)}, minute, "page.html is not a notebook: its name"},
		"same names":     {[]string{good, save(filepath.Base(good), `{"nbformat":4,"metadata":{},"cells":[]}`)}, minute, "would have the same name"},
		"unknown name":   {[]string{good}, Options{Timeout: time.Minute, Set: []string{"lr=1"}}, "n.ipynb has no parameters"},
		"set":            {[]string{good}, Options{Timeout: time.Minute, Set: []string{"lr"}}, "not of the form name=value"},
		"two places":     {[]string{good}, Options{Timeout: time.Minute, InPlace: true, Output: dir}, "give one of them"},
		"set in place":   {[]string{good}, Options{Timeout: time.Minute, InPlace: true, Set: []string{"lr=1"}}, "leave out --set"},
		"backend":        {[]string{good}, Options{Timeout: time.Minute, Backend: "foo"}, "--backend=foo is none"},
		"timeout":        {[]string{good}, Options{Timeout: time.Millisecond}, "--timeout=1ms is too short"},
	} {
		require.ErrorContains(t, Check(c.notebooks, c.opt), c.says, name)
	}
}

func TestRunKnowsBeforehandWhereItMayNotWrite(t *testing.T) {
	h, path := setup.Home{Dir: t.TempDir()}, setuptest.Notebook(t, "%%")
	_, err := Run(t.Context(), h, path, Options{Output: filepath.Dir(path)}, nil)
	require.ErrorContains(t, err, "would overwrite "+path+" itself")
	_, err = Run(t.Context(), h, path, Options{Output: path}, nil) // a file, not a folder
	require.ErrorContains(t, err, "nothing can be written there: mkdir "+path)
	for name, opt := range map[string]Options{"n.ipynb": {}, "n.html": {HTML: true}} {
		opt.Output = t.TempDir()
		folder := filepath.Join(opt.Output, name)
		require.NoError(t, os.Mkdir(folder, 0o755))
		_, err := Run(t.Context(), h, path, opt, nil)
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
		_, err = Run(t.Context(), h, setuptest.Notebook(t, "%%"), Options{Output: t.TempDir(), Timeout: time.Minute}, nil)
		require.ErrorContains(t, err, "could not be executed: the lab's Python ended without a word", program)
	}
}
