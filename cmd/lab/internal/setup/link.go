package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"descent.example/pkg/record"
)

// linkFlags are how a cell is linked, the quickest first: without debug information and build ID, and by Go's own linker
// also where it meets C code, which is quicker than gcc's but does not read what every C compiler writes. The tag leaves
// out what fetches plugins.
var linkFlags = []string{"'-ldflags=-s -buildid= -linkmode=internal' -tags=cell", "'-ldflags=-s -buildid=' -tags=cell"}

// writeWork writes a go.work of modules, like the go.work that cells are built in.
func (h Home) writeWork(modules ...string) (path string, err error) {
	mod, err := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	if err != nil {
		return "", err
	}
	path = filepath.Join(h.temp(), digest(modules...)[:8], "go.work")
	return path, WriteFile(path, []byte("go "+goLine(mod)+"\n\nuse (\n\t"+strings.Join(modules, "\n\t")+"\n)\n"))
}

// packagesStep compiles what cells import into Go's build cache, so that the first cell does not wait for it.
func (h Home) packagesStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	env := func() ([]string, error) {
		work, err := h.writeWork(h.cellModules()...)
		return []string{"GOWORK=" + work, "GOFLAGS=-tags=cell"}, err
	}
	return step{
		name:        "Packages",
		fingerprint: digest(string(mod), installerStub, programsSource, goEnv("CC"), goEnv("CGO_ENABLED"), goEnv("GOCACHE"), runtime.Version(), h.Root),
		personal:    true,
		made: func() ([]string, error) {
			env, err := env()
			if err != nil {
				return nil, err
			}
			list := exec.Command("go", "list", "-deps", "-export", "-f", "{{.Export}}", "./pkg/...")
			list.Dir, list.Env = h.Root, h.Environ(append(env, "PWD="+h.Root)...)
			compiled, err := list.Output()
			return strings.Fields(string(compiled)), err
		},
		heal: func(damage []record.Damage) {
			for _, d := range damage {
				os.Remove(d.Path) // Go compiles it again
			}
		},
		run: func(ctx context.Context, note func(string)) error {
			env, err := env()
			if err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, env, "go", "build", "./pkg/..."); err != nil {
				return fmt.Errorf("compiling the lab's packages: %w", err)
			}
			return nil
		},
	}
}

// linkStep finds out how cells are linked, and with which Go.
func (h Home) linkStep() step {
	mod, _ := os.ReadFile(filepath.Join(h.Root, "go.mod"))
	engine := filepath.Join(h.Bin(), "engine")
	return step{
		name:        "Linker",
		fingerprint: digest(append(linkFlags, string(mod), installerStub, goEnv("CC"), goEnv("CGO_ENABLED"), runtime.Version(), h.Root)...),
		made:        func() ([]string, error) { return []string{engine, h.path("linkflags"), h.path("gotool")}, nil },
		run: func(ctx context.Context, note func(string)) error {
			work, err := h.writeWork(h.cellModules()...)
			if err != nil {
				return err
			}
			tool, err := exec.LookPath("go")
			if err != nil {
				return errNoGo
			}
			note("linking")
			if err := os.RemoveAll(engine); err != nil { // go build writes over no file that is not a program
				return err
			}
			for _, flags := range linkFlags {
				if err = h.command(ctx, []string{"GOWORK=" + work, "GOFLAGS=" + flags}, "go", "build", "-buildvcs=false", "-o", engine, "./cmd/engine"); err != nil {
					continue
				}
				if err = h.command(ctx, []string{"GOMLX_BACKEND=wasm"}, engine); err == nil {
					return errors.Join(WriteFile(h.path("linkflags"), []byte(flags)), WriteFile(h.path("gotool"), []byte(tool)))
				}
			}
			return fmt.Errorf("linking a first program: %w", err)
		},
	}
}

var errNoGo = errors.New("the program go is not on the PATH: add Go's bin folder to it and run this again")

// goTool is the Go that cells are built with. Set-up found it, and it serves all users of the lab's folder.
func (h Home) goTool() (string, error) {
	if path, err := os.ReadFile(h.path("gotool")); err == nil {
		if tool, err := exec.LookPath(string(path)); err == nil {
			return tool, nil
		}
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", errNoGo
	}
	return tool, nil
}

// goLine is the Go version that a go.mod asks for.
func goLine(mod []byte) string {
	for line := range strings.Lines(string(mod)) {
		if version, ok := strings.CutPrefix(line, "go "); ok {
			return strings.TrimSpace(version)
		}
	}
	return strings.TrimPrefix(runtime.Version(), "go")
}

// Build builds a command of the lab's as cells are built, into a folder that can be written. An image has no C compiler, and what cells
// import compiled in this way alone. It is an error when the command does not compile, or when the folder cannot be written.
func (h Home) Build(ctx context.Context, command, program string) error {
	h.scratch = filepath.Dir(program)
	work, err := h.writeWork(h.cellModules()...)
	if err != nil {
		return err
	}
	env := []string{"GOWORK=" + work, "GOFLAGS=" + h.cellFlags(), "GOPROXY=off", "GOTOOLCHAIN=local"}
	return h.command(ctx, env, "go", "build", "-buildvcs=false", "-o", program, command)
}

// cellFlags are the link flags that were found to work.
func (h Home) cellFlags() string {
	flags, err := os.ReadFile(h.path("linkflags"))
	if err != nil {
		return linkFlags[len(linkFlags)-1]
	}
	return string(flags)
}
