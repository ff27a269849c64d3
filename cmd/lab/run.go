package main

import (
	"bufio"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/pkg/lab"
	"descent.example/pkg/notebook"
	"github.com/spf13/cobra"
)

// The script that talks to the kernel, and the template of an exported page.
//
//go:embed python/execute.py python/page
var pythonFiles embed.FS

type runOptions struct {
	set     []string // name=value
	html    bool
	inPlace bool
	output  string
	backend string
	timeout time.Duration
}

func runCommand(common *commonOptions) *cobra.Command {
	var opt runOptions
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK...",
		Short: "Execute notebooks headless",
		Long: "run executes notebooks through the Go kernel and writes executed copies; the notebooks themselves are not touched.\n" +
			"--set gives a parameter another value in every cell that has it. The number of a section or cell before the name,\n" +
			"as in 1.3.lr or cell5.lr, gives it there alone. What a cell would refuse is said before anything runs.",
		Example: "  go run ./cmd/lab run notebooks/01-gradient-descent.ipynb\n" +
			"  go run ./cmd/lab run notebooks/01-gradient-descent.ipynb --set 1.3.rates=0.02,0.1,0.3 --set 1.3.steps=30   # in section 1.3 alone\n" +
			"  go run ./cmd/lab run notebooks/*.ipynb --html --output pages",
		RunE: func(cmd *cobra.Command, notebooks []string) error {
			// Whatever is wrong with the command line is said before anything is set up.
			if err := checkRun(notebooks, opt); err != nil {
				return err
			}
			home, done, err := setup.Enter(cmd.Context(), common.work, common.offline)
			if err != nil {
				return err
			}
			defer done()
			for _, nb := range notebooks {
				if _, err := places(home, nb, opt); err != nil {
					return err
				}
			}
			for _, nb := range notebooks {
				if err := runAndTell(cmd.Context(), home, nb, opt); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&opt.set, "set", nil, "a parameter of the notebook's cells, as name=value, 1.3.name=value or cell5.name=value; may be given again")
	cmd.Flags().BoolVar(&opt.html, "html", false, "write a page of HTML that needs no notebook server and no network (3 to 5 MB)")
	cmd.Flags().BoolVar(&opt.inPlace, "in-place", false, "store the outputs in the notebook itself")
	cmd.Flags().StringVarP(&opt.output, "output", "o", "", "folder of the executed copies (default: runs in your workspace)")
	cmd.Flags().StringVar(&opt.backend, "backend", "", "what computes, as GOMLX_BACKEND: xla:cpu, xla:cuda or go (default: the best there is)")
	cmd.Flags().DurationVar(&opt.timeout, "timeout", 10*time.Minute, "longest time for one cell")
	return cmd
}

// checkRun finds what can be found wrong with a command line without executing anything.
func checkRun(notebooks []string, opt runOptions) error {
	if len(notebooks) == 0 {
		return errors.New("no notebook is given: name one, such as notebooks/01-gradient-descent.ipynb")
	}
	copies := map[string]string{}
	var read []*notebook.Notebook
	for _, path := range notebooks {
		nb, err := notebook.Read(path)
		if err != nil {
			return err
		}
		read = append(read, nb)
		name := filepath.Base(path)
		if other, ok := copies[name]; ok && !opt.inPlace {
			return fmt.Errorf("the executed copies of %s and %s would have the same name: run them one by one, each with its own --output", other, path)
		}
		copies[name] = path
	}
	switch set, err := parseSet(opt.set); {
	case err != nil:
		return err
	case opt.inPlace && opt.output != "":
		return errors.New("--in-place stores the outputs in the notebook itself, --output in a copy: give one of them")
	case opt.inPlace && len(opt.set) > 0:
		return errors.New("--in-place stores what the notebook's own values give: leave out --set, or --in-place")
	case opt.timeout < time.Second:
		return fmt.Errorf("--timeout=%v is too short for any cell: give 1s or more", opt.timeout)
	default:
		return checkSet(notebooks, read, set)
	}
}

// runAndTell executes one notebook and says what became of it.
func runAndTell(ctx context.Context, h setup.Home, path string, opt runOptions) error {
	start := time.Now()
	out := report.New(os.Stdout)
	end := out.Begin(path)
	written, err := run(ctx, h, path, opt, func(done, of int) { out.Note(path, fmt.Sprintf("cell %d of %d", done, of)) })
	end(err)
	out.Close()
	if err != nil {
		return err
	}
	nb, err := notebook.Read(written.notebook)
	if err != nil {
		return err
	}
	if len(written.took) > 0 {
		fmt.Printf("  with %s\n", strings.Join(written.took, "; "))
	}
	fmt.Printf("  %s\n  written to %s\n", summary(nb, time.Since(start)), written.best())
	return nil
}

// cut is what the cells' outputs say is missing of them.
func cut(nb *notebook.Notebook) string {
	var lines []string
	for i, c := range nb.Code() {
		for line := range strings.Lines(c.Words()) {
			if strings.HasPrefix(line, lab.CutNotice) {
				lines = append(lines, fmt.Sprintf("cell %d (%s): %s", i+1, c.Name(), strings.TrimSpace(line)))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// engine is the sentence in which the notebook itself says what computed it, "" if it has none.
func engine(nb *notebook.Notebook) string {
	for _, c := range nb.Cells {
		if !c.Has(notebook.TagMachine) {
			continue
		}
		for line := range strings.Lines(c.Words()) {
			if strings.Contains(line, "computes") {
				return strings.TrimSpace(line)
			}
		}
	}
	return ""
}

// summary is what a person hears of an executed notebook.
func summary(nb *notebook.Notebook, took time.Duration) string {
	text := fmt.Sprintf("%d cells in %.1f s", len(nb.Code()), took.Seconds())
	if engine := engine(nb); engine != "" {
		text += "; " + engine
	}
	return text
}

// written is what a run left.
type written struct {
	notebook, html string
	took           []string    // which cells took an override
	declared       []lab.Param // by the cells that ran, in order
}

func (w written) best() string {
	if w.html != "" {
		return w.html
	}
	return w.notebook
}

// places is where a run will write, once that is known to be possible.
func places(h setup.Home, path string, opt runOptions) (written, error) {
	folder := opt.output
	if folder == "" {
		folder = h.Work.Runs()
	}
	result := written{notebook: filepath.Join(folder, filepath.Base(path))}
	if opt.inPlace {
		result.notebook = path
	} else if setup.SameFile(path, result.notebook) {
		return written{}, fmt.Errorf("the executed copy would overwrite %s itself: choose another --output, or say --in-place", path)
	}
	if err := writable(filepath.Dir(result.notebook)); err != nil {
		return written{}, fmt.Errorf("nothing can be written there: %w; choose another --output", err)
	}
	if opt.html {
		result.html = strings.TrimSuffix(result.notebook, ".ipynb") + ".html"
	}
	for _, file := range []string{result.notebook, result.html} {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return written{}, fmt.Errorf("%s is to be written, and a folder has that name: rename the folder, or choose another --output", file)
		}
	}
	return result, nil
}

// run executes one notebook in a kernel of its own. The executed copy appears whole or not at all.
func run(ctx context.Context, h setup.Home, path string, opt runOptions, progress func(done, of int)) (written, error) {
	set, err := parseSet(opt.set)
	if err != nil {
		return written{}, err
	}
	source, err := notebook.Read(path)
	if err != nil {
		return written{}, err
	}
	result, err := places(h, path, opt)
	if err != nil {
		return written{}, err
	}
	result.took = taken(source, set)
	temp, removeTemp, err := setup.TempDir()
	if err != nil {
		return written{}, err
	}
	defer removeTemp()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return written{}, err
	}
	script, fresh, page := filepath.Join(temp, "python", "execute.py"), filepath.Join(temp, "fresh.ipynb"), ""
	parameters, overrides := filepath.Join(temp, "parameters"), filepath.Join(temp, "overrides")
	if opt.html {
		page = filepath.Join(temp, "page.html")
	}
	if err := os.CopyFS(temp, pythonFiles); err != nil {
		return written{}, fmt.Errorf("writing to the temporary folder: %w", err)
	}
	job, err := json.Marshal(map[string]any{
		"notebook": absolute, "folder": filepath.Dir(absolute), "output": fresh, "html": page, "templates": filepath.Join(temp, "python"),
		"title": strings.TrimSuffix(filepath.Base(path), ".ipynb"), "timeout": opt.timeout.Seconds(),
		"overrides": overrides, "set": perCell(source, set),
	})
	if err != nil {
		return written{}, err
	}
	cmd := exec.CommandContext(ctx, h.Python(), script)
	cmd.Env = h.Environ("TMPDIR="+temp, "JUPYTER_RUNTIME_DIR="+temp, lab.SetEnv+"="+overrides, lab.ParamsLogEnv+"="+parameters)
	if opt.backend != "" {
		cmd.Env = append(cmd.Env, "GOMLX_BACKEND="+opt.backend)
	}
	var complaints process.Tail
	cmd.Stderr = &complaints
	process.EndWithContext(cmd)
	cmd.Cancel = func() error { // nothing can be left half-written, and asked politely nbclient and the kernel wait for the cell
		defer removeTemp() // which ends the kernel
		return process.SignalGroup(cmd, syscall.SIGKILL)
	}
	// Python ends the kernel when this pipe is closed, however the lab ends.
	alive, err := cmd.StdinPipe()
	if err != nil {
		return written{}, err
	}
	// The kernel would hold standard output open when Python is gone, but not this pipe.
	events, theirs, err := os.Pipe()
	if err != nil {
		return written{}, err
	}
	defer events.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return written{}, fmt.Errorf("starting Python: %w", err)
	}
	defer process.SignalGroup(cmd, syscall.SIGKILL) // a kernel that outlives its client, and what it started
	go alive.Write(append(job, '\n'))
	var failed error
	finished := false
	for lines := bufio.NewReader(events); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var e struct {
			Cell, Of     int
			Error, Fault string
			Done         bool
		}
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch {
		case e.Done:
			finished = true
		case e.Fault != "":
			failed = fmt.Errorf("%s was not executed: %s", path, e.Fault)
		case e.Error != "":
			failed = fmt.Errorf("%s, cell %d of %d (%s) failed:\n%s", path, e.Cell, e.Of, source.Code()[e.Cell-1].Name(), report.Indent(e.Error))
		default:
			progress(e.Cell, e.Of)
		}
	}
	if !finished {
		removeTemp() // ends a kernel that Python left behind
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return written{}, ctx.Err()
	case failed != nil:
		return written{}, failed
	case errors.As(err, &exit) && !exit.Exited():
		return written{}, fmt.Errorf("%s could not be executed to its end: the Python process that executes it was ended (%v); if memory ran out, close other programs", path, err)
	case err != nil || !finished:
		silent := "the lab's Python ended without a word; `go run ./cmd/lab doctor` says what is missing"
		return written{}, fmt.Errorf("%s could not be executed: %s", path, cmp.Or(setup.Explain(complaints.String()), silent))
	}
	if result.declared, err = lab.ReadParams(parameters); err != nil {
		return written{}, err
	}
	executed, err := notebook.Read(fresh)
	if err != nil {
		return written{}, err
	}
	incomplete := cut(executed)
	if incomplete != "" && opt.inPlace {
		result.notebook = filepath.Join(h.Work.Runs(), filepath.Base(path)) // what was stored is worth more
	}
	if err := moveInto(fresh, result.notebook); err != nil {
		return written{}, err
	}
	if opt.html {
		if err := moveInto(page, result.html); err != nil {
			return written{}, err
		}
	}
	if incomplete != "" {
		return written{}, fmt.Errorf("%s: not all output could be kept.\n%s\nWhat could is in %s", path, report.Indent(incomplete), result.notebook)
	}
	names := map[string]string{}
	for _, o := range set {
		names[o.name] = o.value
	}
	if err := lab.CheckSet(names, result.declared); err != nil {
		return written{}, fmt.Errorf("%s: %w What was executed is in %s", path, err, result.notebook)
	}
	return result, nil
}

// writable makes a folder and finds out whether files can be made in it, which is better known before a long run.
func writable(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	probe, err := os.CreateTemp(folder, ".lab-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func moveInto(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return setup.WriteFile(to, data)
}
