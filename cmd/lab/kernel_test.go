package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// These tests run cells through the real kernel, so they need what `go run ./cmd/lab setup` makes.

func ready(t *testing.T) setup.Home {
	t.Helper()
	h, err := setup.Find(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, h.Work.Make())
	for _, program := range []string{h.Python(), filepath.Join(h.Bin(), "gonb"), filepath.Join(h.Bin(), "kernel"), filepath.Join(h.Bin(), "goimports")} {
		require.FileExists(t, program, "run `go run ./cmd/lab setup` first")
	}
	return h
}

// saveNotebook writes a notebook of the given code cells.
func saveNotebook(t *testing.T, sources ...string) string {
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

func execute(t *testing.T, path string, opt runOptions) (*notebook.Notebook, error) {
	t.Helper()
	h := ready(t)
	opt.output, opt.timeout = t.TempDir(), max(opt.timeout, 2*time.Minute)
	result, err := run(t.Context(), h, path, opt, func(int, int) {})
	if err != nil {
		entries, err2 := os.ReadDir(opt.output)
		require.NoError(t, err2)
		require.Empty(t, entries, "a failed run leaves nothing")
		return nil, err
	}
	nb, err := notebook.Read(result.notebook)
	require.NoError(t, err)
	return nb, nil
}

func TestFailingCellFailsTheRun(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"compile error":          {"%%\nvar x int = \"s\"\n_ = x", "cannot use"},
		"panic":                  {"%%\npanic(\"at the disco\")", "panic: at the disco"},
		"exit code":              {"%%\nfmt.Fprintln(os.Stderr, \"sorry\")\nos.Exit(3)", "sorry\n    exit status 3"},
		"killed":                 {"%%\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)", "signal: killed\n    The system ended the cell, as it does when memory runs out"},
		"kernel killed":          {"%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Minute)", "Kernel died: the system ended the Go kernel, as it does when memory runs out"},
		"shell command":          {"!false", "exit status 1"},
		"shell asks":             {"%with_inputs\n!read answer", "the cell asks for input, and nobody can answer"},
		"cell asks":              {"import \"github.com/janpfeifer/gonb/gonbui\"\n%%\ngonbui.RequestInput(\"name\", false)\nvar name string\nfmt.Scan(&name)", "the cell asks for input, and nobody can answer"},
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

// A timeout is not cut to whole seconds.
func TestTimeoutIsWhatWasGiven(t *testing.T) {
	_, err := run(t.Context(), ready(t), saveNotebook(t, "%%\ntime.Sleep(time.Minute)"), runOptions{output: t.TempDir(), timeout: 1500 * time.Millisecond}, func(int, int) {})
	require.ErrorContains(t, err, "after 1.5 seconds")
}

// Some editors of Windows begin every file with a byte order mark.
func TestByteOrderMarkIsSkipped(t *testing.T) {
	path := saveNotebook(t, "%%\nlab.Say(\"read\")")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("\ufeff"), data...), 0o644))
	nb, err := execute(t, path, runOptions{})
	require.NoError(t, err)
	require.Equal(t, "read\n", nb.Cells[0].Words())
}

func TestSetOverridesParameters(t *testing.T) {
	path := saveNotebook(t, "%% --lr=0.4\nlr := lab.Float(\"lr\", 0.3, \"learning rate η\", lab.Above(0))\nlab.Parse()\nlab.Say(\"lr is %g\", lr)")
	nb, err := execute(t, path, runOptions{})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.4\n", nb.Cells[0].Words())

	nb, err = execute(t, path, runOptions{set: []string{"lr=0.7"}})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.7\n", nb.Cells[0].Words())

	_, err = execute(t, path, runOptions{set: []string{"lr"}})
	require.ErrorContains(t, err, "not of the form name=value")
}

// What the source says is what the cells declare, and an override holds in its cell alone.
func TestOverridesReachTheirCells(t *testing.T) {
	cell := "%%\nlr := lab.Float(\"lr\", 0.3, \"learning rate η\", lab.Above(0))\nlab.Say(\"lr is %g\", lr)"
	path, folder := saveNotebook(t, cell, cell), t.TempDir()
	result, err := run(t.Context(), ready(t), path, runOptions{output: folder, timeout: 2 * time.Minute, set: []string{"lr=0.7", "cell2.lr=0.1"}}, func(int, int) {})
	require.NoError(t, err)
	nb, err := notebook.Read(result.notebook)
	require.NoError(t, err)
	require.Equal(t, "lr is 0.7\n", nb.Cells[0].Words())
	require.Equal(t, "lr is 0.1\n", nb.Cells[1].Words())
	require.Equal(t, []string{"lr=0.1 in cell 2", "lr=0.7 in cell 1"}, result.took)
	require.NoError(t, knows(nb, result.declared))
	require.Error(t, knows(nb, result.declared[:1]))
}

func TestOverrideThatNoCellTookFailsTheRunAndKeepsTheCopy(t *testing.T) {
	path, folder := saveNotebook(t, "%%\nname := strings.ToLower(\"LR\")\nlab.Float(name, 0.3, \"learning rate η\")\nlab.Parse()"), t.TempDir()
	opt := runOptions{output: folder, timeout: 2 * time.Minute, set: []string{"rl=0.7"}}
	require.NoError(t, checkRun([]string{path}, opt), "only a run can tell")
	_, err := run(t.Context(), ready(t), path, opt, func(int, int) {})
	require.ErrorContains(t, err, "no cell of the notebook has this parameter; it has --lr")
	require.ErrorContains(t, err, folder)
	require.FileExists(t, filepath.Join(folder, "n.ipynb"))
}

func TestOutputThatWasCutFailsTheRunAndKeepsTheRest(t *testing.T) {
	for name, source := range map[string]string{
		"the lab's":    "%%\nfor range 40_000 { lab.Say(\"%s\", strings.Repeat(\"x\", 50)) }\nlab.Say(\"the result\")",
		"a stream":     "%%\nos.Stdout.WriteString(strings.Repeat(\"x\", 9<<20))",
		"the kernel's": "%%\nfmt.Println(\"… output cut: too much\")",
	} {
		t.Run(name, func(t *testing.T) {
			path, folder := saveNotebook(t, source), t.TempDir()
			_, err := run(t.Context(), ready(t), path, runOptions{output: folder, timeout: 2 * time.Minute}, func(int, int) {})
			require.ErrorContains(t, err, "not all output could be kept")
			require.ErrorContains(t, err, filepath.Join(folder, "n.ipynb"))
			require.FileExists(t, filepath.Join(folder, "n.ipynb"))
		})
	}
}

// Nothing is lost between the kernel and the copy, however much a cell shows, and all of it keeps its order.
func TestManyOutputsArriveWhole(t *testing.T) {
	nb, err := execute(t, saveNotebook(t, "%%\nfor i := range 5000 { lab.Say(\"%d\", i) }\nlab.Table([]string{\"x\"}, [][]string{{\"1\"}})\nfor i := range 5000 { lab.Say(\"%d\", i) }"), runOptions{})
	require.NoError(t, err)
	var want strings.Builder
	for i := range 5000 {
		fmt.Fprintln(&want, i)
	}
	require.Equal(t, want.String()+"| x |\n|---:|\n| 1 |\n\n"+want.String(), nb.Cells[0].Words())
}

// A killed interpreter is told from a slow one, and leaves no kernel.
func TestRunEndsWhenPythonIsKilled(t *testing.T) {
	kill := "%%\nout, _ := exec.Command(\"sh\", \"-c\", \"ps -o ppid= -p $(ps -o ppid= -p \" + strconv.Itoa(os.Getppid()) + \")\").Output()\n" +
		"python, _ := strconv.Atoi(strings.TrimSpace(string(out)))\nfor syscall.Kill(python, syscall.SIGKILL) == nil {\n}\nfor {\n}"
	_, err := execute(t, saveNotebook(t, kill), runOptions{})
	require.ErrorContains(t, err, "the Python process that executes it was ended (signal: killed)")
}

// A lab that is killed closes its end of Python's input.
func TestPythonAndKernelEndWithTheLab(t *testing.T) {
	h := ready(t)
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()
	require.NoError(t, os.CopyFS(temp, pythonFiles))
	job, err := json.Marshal(map[string]any{"notebook": saveNotebook(t, "%%\nfor {\n}"), "folder": temp, "output": filepath.Join(temp, "out"), "html": "",
		"templates": "", "title": "", "timeout": 600, "overrides": filepath.Join(temp, "set"), "set": []any{map[string]any{}}})
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), h.Python(), filepath.Join(temp, "python", "execute.py"))
	cmd.Env = h.Environ("TMPDIR=" + temp)
	cmd.ExtraFiles = []*os.File{os.Stderr}
	process.OwnGroup(cmd)
	alive, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = alive.Write(append(job, '\n'))
	require.NoError(t, err)
	kernels := func() bool { return exec.Command("pgrep", "-f", temp+".*json").Run() == nil }
	require.Eventually(t, kernels, time.Minute, 100*time.Millisecond)
	require.NoError(t, alive.Close())
	cmd.Wait() // it has become the pkill that ends the kernel
	require.Eventually(t, func() bool { return exec.Command("pgrep", "-f", temp).Run() != nil }, 10*time.Second, 100*time.Millisecond, "something still runs")
}

// Text is text in an exported page, whoever wrote it.
func TestTablesCarryNoHTMLIntoAPage(t *testing.T) {
	hostile := []string{"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](javascript:alert(1))",
		"$<script>alert(1)</script>$", "\\$<b onclick=alert(1)>\\$", "`<i onload=alert(1)>`", "$\\href{javascript:alert(1)}{x}$", "<javascript:alert(1)>"}
	list, err := json.Marshal(hostile)
	require.NoError(t, err)
	source := "%%\nfor _, s := range []string{" + strings.Trim(string(list), "[]") + "} {\n\tlab.Table([]string{\"a\", s}, [][]string{{\"**bold**\", s}})\n\tlab.Say(\"%s\", s)\n}"
	source = strings.NewReplacer("\\u003c", "<", "\\u003e", ">").Replace(source)
	result, err := run(t.Context(), ready(t), saveNotebook(t, source), runOptions{output: t.TempDir(), html: true, timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	page, err := os.ReadFile(result.html)
	require.NoError(t, err)
	_, outputs, found := strings.Cut(string(page), "jp-Cell-outputWrapper")
	require.True(t, found)
	require.Contains(t, outputs, "<strong>bold</strong>")
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*`).FindAllString(outputs, -1) {
		require.NotRegexp(t, `(?i)alert\(1\)`, tag)
	}
	require.NotContains(t, outputs, "<script>alert")
}

func TestCellsReachNoNetwork(t *testing.T) {
	_, err := execute(t, saveNotebook(t, "import \"example.com/no/such/module\"\n%%\nmodule.Do()"), runOptions{})
	require.ErrorContains(t, err, "example.com/no/such/module")
}

// start starts JupyterLab and waits until it answers.
func start(t *testing.T, h setup.Home, port int, temp string) *server {
	t.Helper()
	s, err := startServer(h, port, temp)
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
	temp, remove, err := setup.TempDir()
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
	require.NoError(t, show(h, s.page(), openOptions{}))
	require.NoError(t, filepath.WalkDir(string(h.Work), func(path string, entry os.DirEntry, err error) error {
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
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()
	s := start(t, h, 8888, temp)
	defer s.stop()
	require.NoError(t, s.alive.Close())
	select {
	case <-s.ended:
		s.ended <- nil
		require.NoDirExists(t, temp)
	case <-time.After(20 * time.Second):
		t.Fatal("JupyterLab serves on")
	}
}
