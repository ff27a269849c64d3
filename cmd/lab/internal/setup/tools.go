package setup

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/modfile"
)

func (h Home) kernelStep() step { return h.toolsStep("Go kernel", h.Root) }
func (h Home) completionStep() step {
	return h.toolsStep("Go completion", filepath.Join(h.Root, "tools"))
}

// toolsStep builds the tools that a module's go.mod names.
func (h Home) toolsStep(name, folder string) step {
	mod, _ := os.ReadFile(filepath.Join(folder, "go.mod"))
	sum, _ := os.ReadFile(filepath.Join(folder, "go.sum"))
	return step{
		name:        name,
		fingerprint: digest(string(mod), string(sum), runtime.Version()),
		made: func() ([]string, error) {
			file, err := modfile.Parse("go.mod", mod, nil)
			if err != nil {
				return nil, err
			}
			var programs []string
			for _, tool := range file.Tool {
				programs = append(programs, filepath.Join(h.Bin(), path.Base(tool.Path)))
			}
			return programs, nil
		},
		run: func(ctx context.Context, note func(string)) error {
			note("downloading modules")
			if err := h.command(ctx, nil, "go", "-C", folder, "mod", "download"); err != nil {
				return fmt.Errorf("downloading Go modules: %w", err)
			}
			// Built beside and moved into place, since `go install` takes a half-copied program for a whole one.
			fresh := filepath.Join(h.temp(), "bin-"+digest(name)[:8])
			if err := os.MkdirAll(fresh, 0o755); err != nil {
				return err
			}
			note("compiling")
			if err := h.command(ctx, []string{"GOBIN=" + fresh, "GOFLAGS="}, "go", "-C", folder, "install", "tool"); err != nil {
				return fmt.Errorf("compiling %s: %w", name, err)
			}
			return moveAll(fresh, h.Bin())
		},
	}
}

func moveAll(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	for _, e := range entries {
		if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return err
}
