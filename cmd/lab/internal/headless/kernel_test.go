package headless

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/cmd/lab/internal/setuptest"
	"descent.example/pkg/notebook"
	"github.com/stretchr/testify/require"
)

// These tests run cells through the real kernel, so they need what `go run ./cmd/lab setup` makes.

func execute(t *testing.T, path string, opt Options) (*notebook.Notebook, error) {
	t.Helper()
	h := setuptest.Ready(t)
	opt.Output, opt.Timeout = t.TempDir(), max(opt.Timeout, 2*time.Minute)
	result, err := Run(t.Context(), h, path, opt, func(int, int) {})
	if err != nil {
		entries, err2 := os.ReadDir(opt.Output)
		require.NoError(t, err2)
		require.Empty(t, entries, "a failed run leaves nothing")
		return nil, err
	}
	nb, err := notebook.Read(result.Notebook)
	require.NoError(t, err)
	return nb, nil
}

func TestFailingCellFailsTheRun(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"compile error":          {"%%\nvar x int = \"s\"\n_ = x", "cannot use"},
		"panic":                  {"%%\npanic(\"at the disco\")", "panic: at the disco"},
		"exit code":              {"%%\nfmt.Fprintln(os.Stderr, \"sorry\")\nos.Exit(3)", "sorry\n    exit status 3"},
		"check":                  {"import \"descent.example/pkg/lab\"\n%%\nlab.Check(errors.New(\"no batch is left\"))", "no batch is left (line 3)\n    The cell ended here. The lines above say why."},
		"module removed":         {"!*rm go.mod\n%%\nfmt.Println(2)", "Restart the kernel"},
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
			_, err := execute(t, setuptest.Notebook(t, "%%\nfmt.Println(1)", c.source), Options{})
			require.ErrorContains(t, err, "cell 2 of 2 (")
			require.ErrorContains(t, err, c.says)
		})
	}
}

// A kernel that ends in the first cell may be one that cannot run at all.
func TestKernelThatRunsNoCellMayBeDamaged(t *testing.T) {
	_, err := execute(t, setuptest.Notebook(t, "%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Minute)"), Options{})
	require.ErrorContains(t, err, "lab doctor`")
}

// What stands beside %% arrives as it was typed, and a number that a cell printed may be given to it.
func TestArgumentsThatAreNotASCII(t *testing.T) {
	nb, err := execute(t, setuptest.Notebook(t, "import \"descent.example/pkg/lab\"\n%% --name=größe --b=−0.5 --n=–3\n"+
		"name := lab.Choice(\"name\", \"klein\", \"size\", \"klein\", \"größe\")\nb := lab.Float(\"b\", 1, \"bias\")\nn := lab.Int(\"n\", 1, \"count\", lab.AtLeast(-5))\n"+
		"lab.Parse()\nlab.Say(\"%s %.1f %d\", name, b, n)"), Options{})
	require.NoError(t, err)
	require.Contains(t, nb.Code()[0].Words(), "größe −0.5 −3")
}

// A timeout is not cut to whole seconds.
func TestTimeoutIsWhatWasGiven(t *testing.T) {
	_, err := Run(t.Context(), setuptest.Ready(t), setuptest.Notebook(t, "%%\ntime.Sleep(time.Minute)"), Options{Output: t.TempDir(), Timeout: 1500 * time.Millisecond}, func(int, int) {})
	require.ErrorContains(t, err, "after 1.5 seconds")
	require.ErrorContains(t, err, "--timeout")
}

// Some editors of Windows begin every file with a byte order mark.
func TestByteOrderMarkIsSkipped(t *testing.T) {
	path := setuptest.Notebook(t, "%%\nlab.Say(\"read\")")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("\ufeff"), data...), 0o644))
	nb, err := execute(t, path, Options{})
	require.NoError(t, err)
	require.Equal(t, "read\n", nb.Cells[0].Words())
}

func TestSetOverridesParameters(t *testing.T) {
	path := setuptest.Notebook(t, "%% --lr=0.4\nlr := lab.Float(\"lr\", 0.3, \"learning rate η\", lab.Above(0))\nlab.Parse()\nlab.Say(\"lr is %g\", lr)")
	nb, err := execute(t, path, Options{})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.4\n", nb.Cells[0].Words())

	nb, err = execute(t, path, Options{Set: []string{"lr=0.7"}})
	require.NoError(t, err)
	require.Equal(t, "lr is 0.7\n", nb.Cells[0].Words())

	_, err = execute(t, path, Options{Set: []string{"lr"}})
	require.ErrorContains(t, err, "not of the form name=value")
}

// What the source says is what the cells declare, and an override holds in its cell alone.
func TestOverridesReachTheirCells(t *testing.T) {
	cell := "%%\nlr := lab.Float(\"lr\", 0.3, \"learning rate η\", lab.Above(0))\nlab.Say(\"lr is %g\", lr)"
	path, folder := setuptest.Notebook(t, cell, cell), t.TempDir()
	result, err := Run(t.Context(), setuptest.Ready(t), path, Options{Output: folder, Timeout: 2 * time.Minute, Set: []string{"lr=0.7", "cell2.lr=0.1"}}, func(int, int) {})
	require.NoError(t, err)
	nb, err := notebook.Read(result.Notebook)
	require.NoError(t, err)
	require.Equal(t, "lr is 0.7\n", nb.Cells[0].Words())
	require.Equal(t, "lr is 0.1\n", nb.Cells[1].Words())
	require.Equal(t, []string{"lr=0.1 in cell 2", "lr=0.7 in cell 1"}, result.Took)
	require.NoError(t, Knows(nb, result.Declared))
	require.Error(t, Knows(nb, result.Declared[:1]))
}

func TestOverrideThatNoCellTookFailsTheRunAndKeepsTheCopy(t *testing.T) {
	path, folder := setuptest.Notebook(t, "%%\nname := strings.ToLower(\"LR\")\nlab.Float(name, 0.3, \"learning rate η\")\nlab.Parse()"), t.TempDir()
	opt := Options{Output: folder, Timeout: 2 * time.Minute, Set: []string{"rl=0.7"}}
	require.NoError(t, Check([]string{path}, opt), "only a run can tell")
	_, err := Run(t.Context(), setuptest.Ready(t), path, opt, func(int, int) {})
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
			path, folder := setuptest.Notebook(t, source), t.TempDir()
			_, err := Run(t.Context(), setuptest.Ready(t), path, Options{Output: folder, Timeout: 2 * time.Minute}, func(int, int) {})
			require.ErrorContains(t, err, "not all output could be kept")
			require.ErrorContains(t, err, filepath.Join(folder, "n.ipynb"))
			require.FileExists(t, filepath.Join(folder, "n.ipynb"))
		})
	}
}

// Nothing is lost between the kernel and the copy, however much a cell shows, and all of it keeps its order.
func TestManyOutputsArriveWhole(t *testing.T) {
	nb, err := execute(t, setuptest.Notebook(t, "%%\nfor i := range 5000 { lab.Say(\"%d\", i) }\nlab.Table([]string{\"x\"}, [][]string{{\"1\"}})\nfor i := range 5000 { lab.Say(\"%d\", i) }"), Options{})
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
	_, err := execute(t, setuptest.Notebook(t, kill), Options{})
	require.ErrorContains(t, err, "the Python process that executes it was ended (signal: killed)")
}

// A lab that is killed closes its end of Python's input.
func TestPythonAndKernelEndWithTheLab(t *testing.T) {
	h := setuptest.Ready(t)
	temp, remove, err := setup.TempDir()
	require.NoError(t, err)
	defer remove()
	require.NoError(t, os.CopyFS(temp, pythonFiles))
	job, err := json.Marshal(map[string]any{"notebook": setuptest.Notebook(t, "%%\nfor {\n}"), "folder": temp, "output": filepath.Join(temp, "out"),
		"timeout": 600, "drag": false, "overrides": filepath.Join(temp, "set"), "set": []any{map[string]any{}}})
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
	result, err := Run(t.Context(), setuptest.Ready(t), setuptest.Notebook(t, source), Options{Output: t.TempDir(), HTML: true, Timeout: 2 * time.Minute}, func(int, int) {})
	require.NoError(t, err)
	page, err := os.ReadFile(result.HTML)
	require.NoError(t, err)
	_, outputs, found := strings.Cut(string(page), `<div class="outputs">`)
	require.True(t, found)
	require.Contains(t, outputs, "<strong>bold</strong>")
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*`).FindAllString(outputs, -1) {
		require.NotRegexp(t, `(?i)alert\(1\)`, tag)
	}
	require.NotContains(t, outputs, "<script>alert")
}

func TestCellsReachNoNetwork(t *testing.T) {
	_, err := execute(t, setuptest.Notebook(t, "import \"example.com/no/such/module\"\n%%\nmodule.Do()"), Options{})
	require.ErrorContains(t, err, "example.com/no/such/module")
}
