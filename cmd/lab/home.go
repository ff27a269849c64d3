package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// kernelName is the name of our kernelspec, and what notebooks ask for in their metadata.
const kernelName = "descent"

// home is where the lab lives: the repository and the ignored folder in it that set-up fills.
type home struct {
	root string // the repository: the folder of go.mod
	dir  string // root/.lab: everything that set-up makes
}

// findHome looks for the repository from the working folder upwards.
func findHome() (home, error) {
	dir, err := os.Getwd()
	if err != nil {
		return home{}, fmt.Errorf("the working folder is gone: %w", err)
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module descent.example\n")) {
			return home{root: dir, dir: filepath.Join(dir, ".lab")}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return home{}, errors.New("this is not the Descent repository: cd to the folder of its go.mod and run again")
		}
		dir = parent
	}
}

func (h home) path(elem ...string) string { return filepath.Join(append([]string{h.dir}, elem...)...) }

// venv, python and bin are the private Python environment, its interpreter and our Go tools.
func (h home) venv() string      { return h.path("python") }
func (h home) python() string    { return h.path("python", "bin", "python") }
func (h home) bin() string       { return h.path("bin") }
func (h home) notebooks() string { return filepath.Join(h.root, "notebooks") }

// environ is the process environment for Python and Jupyter: nothing of theirs is read or written outside our folder.
func (h home) environ(extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "PYTHONPATH", name == "PYTHONHOME", name == "PYTHONSTARTUP", name == "VIRTUAL_ENV",
			strings.HasPrefix(name, "JUPYTER"), name == "IPYTHONDIR", name == "GOWORK",
			strings.HasPrefix(name, "GONB_"): // lab may itself be called from a cell
		default:
			env = append(env, kv)
		}
	}
	jupyter := func(name string) string { return h.path("jupyter", name) }
	env = append(env,
		"PYTHONNOUSERSITE=1", "PYTHONUNBUFFERED=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1",
		"JUPYTER_CONFIG_DIR="+jupyter("config"), "JUPYTER_DATA_DIR="+jupyter("data"), "JUPYTER_RUNTIME_DIR="+jupyter("runtime"),
		"JUPYTERLAB_SETTINGS_DIR="+jupyter("settings"), "JUPYTERLAB_WORKSPACES_DIR="+jupyter("workspaces"),
		"JUPYTER_PLATFORM_DIRS=1", "JUPYTER_PREFER_ENV_PATH=1", "IPYTHONDIR="+jupyter("ipython"))
	return append(env, extra...)
}

// tempDir is a short-lived folder for the kernels, which leave sockets, builds and gopls behind when they are killed:
// remove ends what still runs there. It lies in the system's temporary folder since a socket's path must be short.
func tempDir() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "descent-")
	if err != nil {
		return "", nil, fmt.Errorf("no temporary folder can be made: %w", err)
	}
	return dir, func() {
		exec.Command("pkill", "-KILL", "-f", dir).Run() // finding nothing, the usual case, is an error to pkill
		os.RemoveAll(dir)
	}, nil
}

// lock keeps two labs from setting up at once; the second waits and says so.
func (h home) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder %s cannot be made: %w", h.dir, err)
	}
	l := flock.New(h.path("lock"))
	ok, err := l.TryLock()
	if err == nil && !ok {
		fmt.Println("Another lab is setting up; waiting for it.")
		_, err = l.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("waiting for the other lab's set-up: %w", err)
	}
	return func() { l.Unlock() }, nil
}

func (h home) clean(ctx context.Context, cache bool) error {
	if _, err := os.Stat(h.dir); err == nil {
		unlock, err := h.lock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
		if err := os.RemoveAll(h.dir); err != nil {
			return fmt.Errorf("removing %s: %w", h.dir, err)
		}
	}
	fmt.Println("Removed .lab; `go run ./cmd/lab` sets it up again.")
	if !cache {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, "descent")); err != nil {
		return fmt.Errorf("removing the cached plugin: %w", err)
	}
	fmt.Println("Removed the cached XLA plugin.")
	return nil
}
