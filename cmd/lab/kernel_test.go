package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests run cells through the real kernel, so they need what `go run ./cmd/lab setup` makes.

func ready(t *testing.T) home {
	t.Helper()
	h, err := findHome(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, h.work.make())
	for _, program := range []string{h.python(), filepath.Join(h.bin(), "gonb"), filepath.Join(h.bin(), "goimports")} {
		require.FileExists(t, program, "run `go run ./cmd/lab setup` first")
	}
	return h
}

// saveNotebook writes a notebook of the given code cells.
func saveNotebook(t *testing.T, sources ...string) string {
	t.Helper()
	cells := []map[string]any{}
	for _, s := range sources {
		cells = append(cells, map[string]any{"cell_type": "code", "source": s, "metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil})
	}
	data, err := json.Marshal(map[string]any{"cells": cells, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 4})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "n.ipynb")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}

func execute(t *testing.T, path string, opt runOptions) (notebook, error) {
	t.Helper()
	h := ready(t)
	opt.output, opt.timeout = t.TempDir(), max(opt.timeout, 2*time.Minute)
	result, err := h.run(t.Context(), path, opt, func(int, int) {})
	if err != nil {
		entries, err2 := os.ReadDir(opt.output)
		require.NoError(t, err2)
		require.Empty(t, entries, "a failed run leaves nothing")
		return notebook{}, err
	}
	nb, err := readNotebook(result.notebook)
	require.NoError(t, err)
	return nb, nil
}

func TestFailingCellFailsTheRun(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"compile error":          {"%%\nvar x int = \"s\"\n_ = x", "cannot use"},
		"panic":                  {"%%\npanic(\"at the disco\")", "panic: at the disco"},
		"exit code":              {"%%\nfmt.Fprintln(os.Stderr, \"sorry\")\nos.Exit(3)", "sorry\n    exit status 3"},
		"killed":                 {"%%\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)", "killed"},
		"kernel killed":          {"%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Minute)", "Kernel died"},
		"shell command":          {"!false", "exit status 1"},
		"script":                 {"%%bash\nexit 4", "exit status 4"},
		"unknown magic":          {"%nonsense", "unknown or not implemented"},
		"parameter out of range": {"%% --lr=-1\nlab.Float(\"lr\", 1, \"learning rate η\", lab.Above(0))\nlab.Parse()", "--lr=-1 is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := execute(t, saveNotebook(t, "%%\nfmt.Println(1)", c.source), runOptions{})
			require.ErrorContains(t, err, "cell 2 of 2 (")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestSetOverridesParameters(t *testing.T) {
	path := saveNotebook(t, "%% --lr=0.4\nlr := lab.Float(\"lr\", 0.3, \"learning rate η\", lab.Above(0))\nlab.Parse()\nlab.Say(\"lr is %g\", lr)")
	nb, err := execute(t, path, runOptions{})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.4\n", nb.Cells[0].words())

	nb, err = execute(t, path, runOptions{set: []string{"lr=0.7"}})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.7\n", nb.Cells[0].words())

	_, err = execute(t, path, runOptions{set: []string{"lrr=0.7"}})
	require.ErrorContains(t, err, "no cell of the notebook has this parameter; it has --lr (learning rate η")
	_, err = execute(t, path, runOptions{set: []string{"lr"}})
	require.ErrorContains(t, err, "not of the form name=value")
}

func TestCellsReachNoNetwork(t *testing.T) {
	_, err := execute(t, saveNotebook(t, "import \"example.com/no/such/module\"\n%%\nmodule.Do()"), runOptions{})
	require.ErrorContains(t, err, "example.com/no/such/module")
}

// start starts JupyterLab and waits until it answers.
func start(t *testing.T, h home, port int, temp string) *server {
	t.Helper()
	s, err := h.startServer(port, temp)
	require.NoError(t, err)
	if err := s.ready(t.Context()); err != nil {
		s.stop()
		log, _ := os.ReadFile(s.log.Name())
		require.NoError(t, err, string(log))
	}
	return s
}

func TestServerOffersTheKernelAndStopsWithoutTraces(t *testing.T) {
	h := ready(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0") // a port that is in use is passed over
	require.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	first, err := strconv.Atoi(port)
	require.NoError(t, err)
	temp, remove, err := tempDir()
	require.NoError(t, err)
	defer remove()

	s := start(t, h, first, temp)
	require.NotEqual(t, first, s.Port)
	ask := func(method, path string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "token "+s.Token)
		reply, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return reply.StatusCode, string(body)
	}
	code, specs := ask("GET", "api/kernelspecs")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, specs, `"descent": {"name": "descent"`)
	code, page := ask("GET", "lab/tree/")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, page, "custom/custom.css")
	code, served := ask("GET", "custom/custom.css")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, style, served)
	code, _ = ask("POST", "api/kernels") // the default kernel
	require.Equal(t, http.StatusCreated, code)

	// A page tells of its edits, and hears that it is to save them once the lab asks for them.
	told := func(files string) string {
		request, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"descent/unsaved", strings.NewReader(`{"page":"1","files":`+files+`}`))
		require.NoError(t, err)
		request.Header.Set("Authorization", "token "+s.Token)
		reply, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return string(body)
	}
	require.JSONEq(t, `{"save":false}`, told(`["a.ipynb"]`))
	unsaved := make(chan []string)
	go func() { unsaved <- s.save() }()
	require.Eventually(t, func() bool { return told(`["a.ipynb"]`) == `{"save": true}` }, 2*time.Second, 10*time.Millisecond)
	told(`[]`)
	require.Empty(t, <-unsaved)
	told(`["a.ipynb"]`)
	require.Equal(t, []string{"a.ipynb"}, s.save(), "a page that does not save")
	reply, err := http.Get(s.URL + "descent/unsaved")
	require.NoError(t, err)
	reply.Body.Close()
	require.Equal(t, http.StatusForbidden, reply.StatusCode, "without the token")

	// Every user of a machine sees what processes were started with, and what files are not closed to them.
	out, err := exec.Command("ps", "-A", "-ww", "-o", "args").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), temp)
	require.NotContains(t, string(out), s.Token)
	t.Setenv("BROWSER", "true %s")
	require.NoError(t, h.show(s.page(), openOptions{}))
	require.NoError(t, filepath.WalkDir(string(h.work), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(data), s.Token) {
			info, err := entry.Info()
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, path)
		}
		return nil
	}))

	s.stop()
	remove()
	require.NoDirExists(t, temp)
	require.Error(t, exec.Command("pgrep", "-f", temp).Run(), "something of the kernel still runs")
}

// A lab that is killed takes JupyterLab along: its end of the pipe closes.
func TestServerEndsWithTheLab(t *testing.T) {
	h := ready(t)
	temp, remove, err := tempDir()
	require.NoError(t, err)
	defer remove()
	s := start(t, h, 8888, temp)
	defer s.stop()
	require.NoError(t, s.alive.Close())
	select {
	case <-s.ended:
		s.ended <- nil
	case <-time.After(20 * time.Second):
		t.Fatal("JupyterLab serves on")
	}
}
