// Package headless executes notebooks without a browser: it checks what is asked for, runs the cells through the kernel,
// and stores an executed copy.
package headless

import (
	"bufio"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
	"descent.example/cmd/lab/internal/setup"
	"descent.example/internal/live"
	"descent.example/internal/nearest"
	"descent.example/internal/site"
	"descent.example/pkg/lab"
	"descent.example/pkg/notebook"
)

// The script that talks to the kernel.
//
//go:embed python/execute.py python/drag.py
var pythonFiles embed.FS

// Options say how a notebook is executed.
type Options struct {
	Set     []string      // parameters that get another value, each as name=value, 1.3.name=value or cell5.name=value
	HTML    bool          // a page is written, too
	Pages   []string      // absolute names of pages that the same command writes: links may lead to them
	InPlace bool          // the outputs are stored in the notebook itself
	Output  string        // folder of the executed copy; "" for runs in the workspace
	Backend string        // what computes, as GOMLX_BACKEND; "" for the best there is
	Timeout time.Duration // the longest time for one cell
	Drag    bool          // each parameter of a cell is moved once, as in JupyterLab, and the cell fails if it does not answer
}

// backends are what GOMLX_BACKEND can be here, without the options that follow a comma.
var backends = regexp.MustCompile(`^(wasm|xla|xla:(cpu|cuda)[^,/]*|xla:/[^,]+)(,.*)?$`)

// Check is an error, which says what is wrong, when these notebooks cannot be executed with these options. It reads the
// notebooks and executes nothing.
func Check(notebooks []string, opt Options) error {
	if len(notebooks) == 0 {
		return errors.New("no notebook is given: name one, such as notebooks/01-gradient-descent.ipynb")
	}
	copies := map[string]string{}
	var read []*notebook.Notebook
	for _, path := range notebooks {
		nb, err := notebook.Read(path)
		if target, link := os.Readlink(path); errors.Is(err, fs.ErrNotExist) && link == nil {
			return fmt.Errorf("%s is a link to %s, which does not exist: mend the link, or name another notebook", path, target)
		} else if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no notebook %s; those of the lecture are in the folder notebooks.%s", path, near(path))
		} else if err != nil {
			return err
		}
		read = append(read, nb)
		name := filepath.Base(path)
		if other, ok := copies[name]; ok && !opt.InPlace {
			return fmt.Errorf("the executed copies of %s and %s would have the same name: run them one by one, each with its own --output", other, path)
		}
		copies[name] = path
	}
	switch set, err := parseSet(opt.Set); {
	case err != nil:
		return err
	case opt.InPlace && opt.Output != "":
		return errors.New("--in-place stores the outputs in the notebook itself, --output in a copy: give one of them")
	case opt.InPlace && len(opt.Set) > 0:
		return errors.New("--in-place stores what the notebook's own values give: leave out --set, or --in-place")
	case opt.Backend != "" && !backends.MatchString(opt.Backend):
		return fmt.Errorf("--backend=%s is none: it can be xla:cpu, xla:cuda, wasm, or xla: and a plugin's absolute path", opt.Backend)
	case opt.Timeout < time.Second:
		return fmt.Errorf("--timeout=%v is too short for any cell: give 1s or more", opt.Timeout)
	default:
		return checkSet(notebooks, read, set)
	}
}

// near proposes a notebook of that folder, or of the folder notebooks, instead of one that does not exist.
func near(path string) string {
	dir, name := filepath.Split(path)
	var names []string
	for _, folder := range []string{dir, "notebooks"} {
		if there := filepath.Join(folder, name); folder != dir {
			if _, err := os.Stat(there); err == nil {
				return fmt.Sprintf(" Did you mean %s?", there)
			}
		}
		found, _ := filepath.Glob(filepath.Join(folder, "*.ipynb"))
		names = append(names, found...)
	}
	return nearest.DidYouMean("", path, names)
}

// A Result is what a run left.
type Result struct {
	Notebook, HTML string
	Took           []string    // which cells took an override
	Declared       []lab.Param // by the cells that ran, in order
}

// Best is the page if there is one, else the notebook.
func (r Result) Best() string {
	if r.HTML != "" {
		return r.HTML
	}
	return r.Notebook
}

// Places is where Run will write. It is an error when nothing can be written there.
func Places(h setup.Home, path string, opt Options) (Result, error) {
	folder := opt.Output
	if folder == "" {
		folder = h.Work.Runs()
	}
	result := Result{Notebook: filepath.Join(folder, filepath.Base(path))}
	if opt.InPlace {
		result.Notebook = path
	} else if setup.SameFile(path, result.Notebook) {
		return Result{}, fmt.Errorf("the executed copy would overwrite %s itself: choose another --output, or say --in-place", path)
	}
	if err := setup.Writable(filepath.Dir(result.Notebook)); err != nil {
		return Result{}, fmt.Errorf("nothing can be written there: %w; choose another --output", err)
	}
	if opt.HTML {
		result.HTML = strings.TrimSuffix(result.Notebook, ".ipynb") + ".html"
	}
	for _, file := range []string{result.Notebook, result.HTML} {
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			return Result{}, fmt.Errorf("%s is to be written, and a folder has that name: rename the folder, or choose another --output", file)
		}
	}
	return result, nil
}

// Run executes one notebook in a kernel of its own, and calls progress as a cell ends. The executed copy appears whole or not
// at all. It is an error when the notebook cannot be executed, when a cell fails or takes too long, and when nothing can be
// written. It is one, too, when output was cut or when no cell took a parameter that was set; then the copy is kept.
func Run(ctx context.Context, h setup.Home, path string, opt Options, progress func(done, of int)) (Result, error) {
	set, err := parseSet(opt.Set)
	if err != nil {
		return Result{}, err
	}
	source, err := notebook.Read(path)
	if err != nil {
		return Result{}, err
	}
	result, err := Places(h, path, opt)
	if err != nil {
		return Result{}, err
	}
	result.Took = taken(source, set)
	temp, removeTemp, err := setup.TempDir()
	if err != nil {
		return Result{}, err
	}
	defer removeTemp()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Result{}, err
	}
	script, fresh := filepath.Join(temp, "python", "execute.py"), filepath.Join(temp, "fresh.ipynb")
	parameters, overrides := filepath.Join(temp, "parameters"), filepath.Join(temp, "overrides")
	if err := os.CopyFS(temp, pythonFiles); err != nil {
		return Result{}, fmt.Errorf("writing to the temporary folder: %w", err)
	}
	job, err := json.Marshal(map[string]any{
		"notebook": absolute, "folder": filepath.Dir(absolute), "output": fresh, "timeout": opt.Timeout.Seconds(),
		"drag": opt.Drag, "overrides": overrides, "set": perCell(source, set),
	})
	if err != nil {
		return Result{}, err
	}
	cmd := exec.CommandContext(ctx, h.Python(), script)
	cmd.Env = h.Environ("TMPDIR="+temp, "JUPYTER_RUNTIME_DIR="+temp, lab.SetEnv+"="+overrides, lab.ParamsLogEnv+"="+parameters, live.NotebookEnv+"="+absolute,
		"DESCENT_COMPLETION=off") // nobody types here, and gopls would take seconds to read the packages
	if opt.Backend != "" {
		cmd.Env = append(cmd.Env, "GOMLX_BACKEND="+opt.Backend)
	}
	var complaints process.Tail
	cmd.Stderr = &complaints
	process.EndWithContext(cmd)
	cmd.Cancel = func() error { // nothing can be left half done, and asked politely nbclient and the kernel wait for the cell
		defer removeTemp() // which ends the kernel
		return process.SignalGroup(cmd, syscall.SIGKILL)
	}
	// Python ends the kernel when this pipe is closed, however the lab ends.
	alive, err := cmd.StdinPipe()
	if err != nil {
		return Result{}, err
	}
	// The kernel would hold standard output open when Python is gone, but not this pipe.
	events, theirs, err := os.Pipe()
	if err != nil {
		return Result{}, err
	}
	defer events.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return Result{}, fmt.Errorf("starting Python: %w", err)
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
		return Result{}, ctx.Err()
	case failed != nil:
		return Result{}, failed
	case errors.As(err, &exit) && !exit.Exited():
		return Result{}, fmt.Errorf("%s could not be executed to its end: the Python process that executes it was ended (%v); if memory ran out, close other programs", path, err)
	case err != nil || !finished:
		silent := "the lab's Python ended without a word; `go run ./cmd/lab doctor` says what is missing"
		return Result{}, fmt.Errorf("%s could not be executed: %s", path, cmp.Or(setup.Explain(complaints.String()), silent))
	}
	if result.Declared, err = lab.ReadParams(parameters); err != nil {
		return Result{}, err
	}
	executed, err := notebook.Read(fresh)
	if err != nil {
		return Result{}, err
	}
	incomplete := cut(executed)
	if incomplete != "" && opt.InPlace {
		result.Notebook = filepath.Join(h.Work.Runs(), filepath.Base(path)) // what was stored is worth more
	}
	if err := moveInto(fresh, result.Notebook); err != nil {
		return Result{}, err
	}
	if opt.HTML {
		if err := writePage(executed, result.HTML, opt.Pages); err != nil {
			return Result{}, err
		}
	}
	if incomplete != "" {
		return Result{}, fmt.Errorf("%s: not all output could be kept.\n%s\nWhat could is in %s", path, report.Indent(incomplete), result.Notebook)
	}
	names := map[string]string{}
	for _, o := range set {
		names[o.name] = o.value
	}
	if err := lab.CheckSet(names, result.Declared); err != nil {
		return Result{}, fmt.Errorf("%s: %w What was executed is in %s", path, err, result.Notebook)
	}
	return result, nil
}

// writePage writes a notebook as a page. A link to another notebook leads to its page, and one to a file to the file; it is plain text
// if there is none, nor is it among the pages that are to be written.
func writePage(nb *notebook.Notebook, place string, pages []string) error {
	place, err := filepath.Abs(place)
	if err != nil {
		return err
	}
	link := func(to *url.URL) bool {
		file := filepath.Join(filepath.Dir(place), filepath.FromSlash(to.Path))
		_, err := os.Stat(file)
		return err == nil || file == place || slices.Contains(pages, file)
	}
	page, err := site.Page(strings.TrimSuffix(filepath.Base(place), ".html"), nb, link)
	if err != nil {
		return err
	}
	return setup.WriteFile(place, page)
}

func moveInto(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return setup.WriteFile(to, data)
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
