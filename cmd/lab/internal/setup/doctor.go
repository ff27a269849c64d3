package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"descent.example/cmd/lab/internal/process"
	"descent.example/cmd/lab/internal/report"
	"descent.example/pkg/accel/plugin"
)

const mend = "run `go run ./cmd/lab setup`"

// Examine prints a line for each part, of which every file is read. It repairs nothing and does not use the network. It is an
// error when a part needs attention.
func (h Home) Examine(ctx context.Context) error {
	healthy := true
	line := func(part string, err error, found string) {
		if err != nil {
			healthy = false
			found = strings.ReplaceAll(err.Error(), h.Root+string(filepath.Separator), "")
		}
		fmt.Printf("%s %-22s %s\n", report.Mark(err == nil), part, found)
	}
	machine := h.checkMachine()
	line("Workspace", h.Work.flaw(), h.Work.Path())
	line("Go", machine, runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	if machine != nil {
		return errors.New("correct this first; the other parts cannot be examined without it")
	}
	h.useCompiler()

	// What takes longest is asked for side by side.
	environment, compiler := h.pythonStep(), h.compilerStep()
	var engine string
	var engineFlaw error
	plugins := map[plugin.Kind]error{}
	found := map[plugin.Kind]plugin.Plugin{}
	var wait sync.WaitGroup
	wait.Go(func() { engine, engineFlaw = h.engineSays(ctx) })
	wait.Go(func() {
		for _, kind := range plugin.Kinds() {
			found[kind], plugins[kind] = plugin.Installed(kind, true)
		}
	})
	flaws := h.flaws(true, append(h.steps(), compiler)...)
	wait.Wait()
	flaw := func(s step) error {
		if err := flaws[s.name]; err != nil {
			return fmt.Errorf("%w: %s", err, mend)
		}
		return nil
	}

	switch system := systemCompiler(); {
	case os.Getenv("CC") == h.compiler() && flaws[compiler.name] == nil:
		line("C compiler", nil, "zig, in the lab's own folder, as the machine has none")
	case system != "":
		line("C compiler", nil, process.FirstLine(ctx, system, "--version"))
	default:
		line("C compiler", errors.New("none, and without one XLA does not compute, and WebAssembly does, more slowly: "+mend+" with a network, or `sudo apt install gcc libc6-dev`"), "")
	}
	python, err := findPython(ctx)
	said := python.version() + " at " + python.Path
	if err != nil && flaws[environment.name] == nil {
		said, err = "none on the PATH now, and none is needed: the lab has an environment of its own", nil
	}
	line("Python", err, said)
	jupyter, _ := filepath.Glob(filepath.Join(h.venv(), "lib", "python*", "site-packages", "jupyterlab-*.dist-info"))
	line(environment.name, flaw(environment), "JupyterLab "+strings.TrimSuffix(strings.TrimPrefix(filepath.Base(strings.Join(jupyter, "")), "jupyterlab-"), ".dist-info"))
	for _, s := range h.steps()[1:] {
		line(s.name, flaw(s), "as set-up made it")
	}
	if err := h.staleKernel(); err != nil {
		line("Kernel", fmt.Errorf("%w: %s", err, mend), "")
	} else {
		line("Kernel", nil, "as set-up made it")
	}
	for _, kind := range plugin.Kinds() {
		if err := plugins[kind]; err != nil {
			line("Plugin "+string(kind), fmt.Errorf("%w: %s with a network", err, mend), "")
		} else {
			line("Plugin "+string(kind), nil, found[kind].Name()+", "+found[kind].Origin)
		}
	}
	line("Engine", engineFlaw, engine)
	if !healthy {
		return errors.New("some parts need attention, see the lines marked ✗")
	}
	return nil
}

// CheckBackend is an error when the cells cannot compute with the backend, a value of GOMLX_BACKEND.
func (h Home) CheckBackend(ctx context.Context, backend string) error {
	_, err := h.engineSays(ctx, "GOMLX_BACKEND="+backend)
	return err
}

// engineSays builds a program as cells are built, and returns what it says, with these variables, of what computes.
func (h Home) engineSays(ctx context.Context, variables ...string) (string, error) {
	temp, err := os.MkdirTemp("", "descent-doctor-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	program := filepath.Join(temp, "engine")
	if err := h.Build(ctx, "./cmd/engine", program); err != nil {
		return "", fmt.Errorf("cells cannot be built: %w\n%s; if you changed a file that is named here, correct it there", err, mend)
	}
	out, err := process.Answer(ctx, "env", append(variables, program)...)
	said := strings.TrimSpace(string(out))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return said, nil
	case said != "":
		return "", errors.New(said)
	case errors.As(err, &exit) && regexp.MustCompile(`SIG(SEGV|BUS|ILL|ABRT)|signal`).Match(exit.Stderr):
		return "", errors.New("the plugin ends the program that loads it: it is damaged, or not made for this machine: " + mend)
	default:
		return "", fmt.Errorf("the engine does not start (%w): %s", err, mend)
	}
}
