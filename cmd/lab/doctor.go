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

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Say of each part what was found, its version, and what to do",
		Example: "  go run ./cmd/lab doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := findHome()
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

	compiler := strings.Fields(firstLineOf(ctx, "go", "env", "CC"))
	if len(compiler) > 0 && firstLineOf(ctx, compiler[0], "--version") != "" {
		line("C compiler", nil, firstLineOf(ctx, compiler[0], "--version"))
	} else {
		line("C compiler", errors.New("none, and without one XLA cannot be used, only the Go backend: `sudo apt install gcc libc6-dev` (macOS: `xcode-select --install`)"), "")
	}
	python, err := findPython(ctx)
	line("Python", err, python.version()+" at "+python.Path)
	environment := h.pythonStep(python)
	line(environment.name, h.missing(environment), "JupyterLab "+firstLineOf(ctx, h.python(), "-m", "jupyterlab", "--version"))
	for _, s := range []step{h.toolsStep("Go kernel", h.root), h.toolsStep("Go completion", filepath.Join(h.root, "tools"))} {
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
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = errors.New(strings.TrimSpace(string(out)))
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
