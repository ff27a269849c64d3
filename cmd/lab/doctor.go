package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"descent.example/pkg/accel/plugin"
	"github.com/spf13/cobra"
)

func doctorCommand(common *commonOptions) *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Say of each part what was found, its version, and what to do",
		Example: "  go run ./cmd/lab doctor",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := findHome(common.work)
			if err != nil {
				return err
			}
			return home.examine(cmd.Context())
		},
	}
}

const mend = "run `go run ./cmd/lab setup`"

// examine prints a line for each part. It changes nothing and does not use the network.
func (h home) examine(ctx context.Context) error {
	healthy := true
	line := func(part string, err error, found string) {
		if err != nil {
			healthy = false
			found = err.Error()
		}
		fmt.Printf("%s %-22s %s\n", mark(err == nil), part, found)
	}
	line("Go", nil, runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)

	switch compiler := systemCompiler(ctx); {
	case compiler != "":
		line("C compiler", nil, firstLineOf(ctx, compiler, "--version"))
	case h.done(h.compilerStep()):
		line("C compiler", nil, "zig, in the lab's own folder, as the machine has none")
	default:
		line("C compiler", errors.New("none, and without one only the Go backend computes: "+mend+" with a network, or `sudo apt install gcc libc6-dev`"), "")
	}
	h.useCompiler(ctx)
	python, err := findPython(ctx)
	found, environment := python.version()+" at "+python.Path, h.pythonStep()
	if err != nil && h.done(environment) {
		found, err = "none on the PATH now, and none is needed: the lab has an environment of its own", nil
	}
	line("Python", err, found)
	line(environment.name, h.missing(environment), "JupyterLab "+firstLineOf(ctx, h.python(), "-m", "jupyterlab", "--version"))
	for _, s := range []step{h.kernelStep(), h.completionStep()} {
		line(s.name, h.missing(s), "built by "+runtime.Version()+" as go.mod pins it")
	}
	for _, kind := range plugin.Kinds() {
		p, err := plugin.Find(kind)
		if err == nil {
			line("Plugin "+string(kind), nil, filepath.Base(p.Path)+", "+p.Origin)
		} else {
			line("Plugin "+string(kind), fmt.Errorf("%w: %s with a network", err, mend), "")
		}
	}
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/engine")
	cmd.Dir = h.root
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	line("Engine", err, strings.TrimSpace(string(out)))
	if !healthy {
		return errors.New("some parts need attention, see the lines marked ✗")
	}
	return nil
}

func (h home) missing(s step) error {
	if h.done(s) {
		return nil
	}
	return errors.New("missing or out of date: " + mend)
}

func firstLineOf(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
